"""Countries with what their people and languages are called, and big cities."""

from flan_mix.metrics.mentions.word_lists import word_set

# A country's names, a bar, and the words derived from it.
_COUNTRIES = """
afghanistan | afghan
albania | albanian
algeria | algerian
america usa us states u.s. | american americans yankee
argentina | argentinian argentine
armenia | armenian
australia aussie oz | australian
austria | austrian
bangladesh | bangladeshi
belarus | belarusian
belgium | belgian
bolivia | bolivian
brazil brasil | brazilian
britain uk england gb | british english brit brits
bulgaria | bulgarian
cambodia | cambodian
canada | canadian
chile | chilean
china | chinese
colombia | colombian
croatia | croatian
cuba | cuban
cyprus | cypriot
czechia czech | czech
denmark | danish dane danes
ecuador | ecuadorian
egypt | egyptian
estonia | estonian
ethiopia | ethiopian
europe eu | european
finland | finnish finn finns
france | french frenchman
georgia | georgian
germany | german
ghana | ghanaian
greece | greek
holland netherlands | dutch
hungary | hungarian
iceland | icelandic
india | indian
indonesia | indonesian
iran | iranian persian
iraq | iraqi
ireland | irish
israel | israeli hebrew
italy | italian
jamaica | jamaican
japan | japanese
jordan | jordanian
kazakhstan | kazakh
kenya | kenyan
korea | korean
kuwait | kuwaiti
latvia | latvian
lebanon | lebanese
libya | libyan
lithuania | lithuanian
malaysia | malaysian
malta | maltese
mexico | mexican
mongolia | mongolian
morocco | moroccan
nepal | nepalese nepali
nigeria | nigerian
norway | norwegian
pakistan | pakistani
peru | peruvian
philippines | filipino philippine
poland | polish pole poles
portugal | portuguese
romania | romanian
russia | russian
scotland | scottish scot scots
serbia | serbian
singapore | singaporean
slovakia | slovak slovakian
slovenia | slovenian
spain | spanish spaniard
sweden | swedish swede swedes
switzerland | swiss
syria | syrian
taiwan | taiwanese
thailand | thai
tunisia | tunisian
turkey | turkish turk turks
ukraine | ukrainian
uruguay | uruguayan
venezuela | venezuelan
vietnam | vietnamese
wales | welsh
africa | african
asia | asian
"""

_CITIES = """
amsterdam ankara antwerp athens atlanta auckland austin baghdad bali bangkok barcelona
beijing beirut belfast belgrade berlin birmingham bogota boston bratislava brighton bristol
brisbane brooklyn brussels bucharest budapest cairo calgary cambridge canberra cardiff
casablanca chicago cologne copenhagen cracow dallas damascus delhi denver detroit dubai dublin
dubrovnik edinburgh florence frankfurt gdansk geneva glasgow guangzhou hamburg hanoi havana
helsinki honolulu houston istanbul jakarta jerusalem johannesburg kiev krakow kyiv kyoto lagos
leeds leipzig lima lisbon liverpool ljubljana london lyon madrid malaga manchester manhattan
manila marrakesh marseille melbourne miami milan minsk montreal moscow mumbai munich nairobi
naples nashville oslo ottawa oxford palermo paris philadelphia phoenix pittsburgh porto
prague quebec reykjavik riga rome rotterdam salzburg santiago sarajevo seattle seoul
seville shanghai sheffield shenzhen sofia stockholm stuttgart sydney taipei tallinn tbilisi
tehran tianjin tokyo toronto toulouse turin valencia vancouver venice vienna vilnius
warsaw washington wroclaw yokohama zagreb zurich
alabama alaska arizona california colorado connecticut florida hawaii idaho illinois indiana iowa
kansas kentucky louisiana maryland massachusetts michigan minnesota mississippi missouri montana
nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia wisconsin
bavaria tuscany sicily sardinia corsica crete mallorca majorca ibiza andalusia provence normandy
scandinavia siberia balkans
"""

# Words that mean more than the place, so that lower case tells nothing.
_AMBIGUOUS = word_set(
    "turkey china jordan georgia us states oz pole poles polish czech us florence phoenix "
    "austin washington sofia lima chile indiana virginia montana dane finn brit scot swede"
)

_NATION_OF: dict[str, int] = {}
for _number, _line in enumerate(_COUNTRIES.strip().splitlines()):
    for _word in _line.replace("|", " ").split():
        _NATION_OF[_word] = _number

PLACES = frozenset(_NATION_OF) | frozenset(_CITIES.split())

UNMISTAKABLE_PLACES = PLACES - _AMBIGUOUS
"""Those that name a place in lower case too."""


def same_nation(first: str, second: str) -> bool:
    """Whether two words in lower case, of which either may be a plural, belong to one country."""
    numbers = [
        _NATION_OF.get(word, _NATION_OF.get(word.removesuffix("s"))) for word in (first, second)
    ]
    return numbers[0] is not None and numbers[0] == numbers[1]
