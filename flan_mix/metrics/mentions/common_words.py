"""Words that open sentences and titles without naming anything: their capital says nothing.

Written from general knowledge of English: function words, and the nouns, adjectives and verbs that
reports of everyday matters begin with. Words that are also frequent first names or brands (will,
mark, apple) are left out.
"""

import re

from flan_mix.metrics.mentions.word_lists import word_list, word_set

_FUNCTION = """
a about above according across actually admittedly after afterwards again against ago ahead all
almost alone along already also although altogether always am amid among an and another any anybody
anyhow anyone anything anytime anyway anywhere apart apparently are aren't around as aside at away
back basically be because been before beforehand behind being below beneath beside besides best
better between beyond both briefly but by can can't cannot certain certainly clearly close could
couldn't currently definitely despite did didn't do does doesn't doing don't done down due during
each earlier early either else elsewhere enough especially even eventually ever every everybody
everyone everything everywhere exactly except few fewer finally first firstly following for
former formerly fortunately from further furthermore generally given had hadn't half hardly has
hasn't have haven't having he he'd he'll he's hence her here here's hers herself hi hello hey him
himself his honestly hopefully how however i i'd i'll i'm i've if immediately in indeed initially
inside instead into is isn't it it'd it'll it's its itself just last lastly late later lately least
less lest let let's like likewise long lots luckily mainly many maybe me meanwhile mere merely
might mine more moreover most mostly much must my myself namely near nearly neither never
nevertheless next no nobody none nonetheless nor normally not nothing now nowadays nowhere obviously
occasionally of off often oh okay ok on once one one's ones only onto or originally other others
otherwise ought our ours ourselves out outside over overall own owing particularly per perhaps
please plenty plus possibly presently presumably pretty previously probably provided quickly quite
rarely rather really recently regarding regardless same second secondly seldom several shall she
she'd she'll she's should shouldn't similarly simply since so some somebody somehow someone
someone's something sometime sometimes somewhat somewhere soon still strangely such suddenly surely
than thank thanks that that's the their theirs them themselves then there there's thereby therefore
these they they'd they'll they're they've thing things third this those though through throughout
thus till time to today together tomorrow tonight too toward towards twice ugh uh under
unfortunately unless unlike until unto up upon us used usually various very via was wasn't way we
we'd we'll we're we've well were weren't what what's whatever when whenever where whereas wherever
whether which whichever while who who's whoever whole whom whose why with within without won't would
wouldn't wow yeah yep yes yesterday yet you you'd you'll you're you've your yours yourself
"""

_NOUNS = """
ability accident accommodation account act action activity actor addition address admission
adult advantage advice advisor affair age agency agent agreement aim air airline airport alarm
alcohol amount animal anniversary announcement answer apartment app appearance application
appointment approach area argument arm arrangement arrival article artist assistant assignment
atmosphere attempt attendance attendant attention attitude audience aunt author baby background bag
baggage ball band bank bar bargain barber bartender basement basketball bath bathroom battery
beach bed bedroom beer behavior belief benefit bicycle bike birth birthday bit blood board boat
body book booking boss bottle bottom box boy boyfriend boys brain brand bread break breakfast
breakup bride bridge brother brother-in-law budget building burger bus business businessman buyer
cab cake call caller calls camera camp campus candidate car card care career cash cashier cat cats
cause celebration cell ceremony chair chance change character charge chat check chef chicken child
childhood children choice church cinema city class classes classmate client climate clinic clothes
clothing club coach coat code coffee colleague college color colour comment communication
company competition complaint computer concert condition conference connection conversation cook
cookies cooking copy cost costume country couple course cousin creation credit crew crime crisis
criticism culture curriculum customer customers customs dad damage dance danger data date daughter
day days deadline deal death debate debt decision delay delivery demand dentist department departure
deposit design desk dessert detail development device diet difference difficulty dining dinner
direction director discount discussion disease dish dishes dispute distance divorce doctor
document dog dogs door dormitory doubt dream dress drink drinks driver driving drug drugs dry
duty earth ease eating economy education effect effort eggs election email employee employees
employer employment end energy engineer environment episode equipment error essay
evening event events evidence exam example excellence exchange excuse exercise exhibition experience
expert explanation expression eye eyes face facility fact facts factory failure family fan farm
fashion father fault fee feeling fees fellow festival field fight figure file film
final finance fire fish fitness flat flight flights floor flower flowers flu food foods football
foreign form forum freedom friend friendly friends friendship front fruit fruits fuel fun funds
funeral furniture future game games garage garden gas gender gentleman gift girl girlfriend girls
glass goal gold goods government grade grades graduate graduation grammar grandfather grandma
grandmother grandpa grandparents ground group growth guest guests guide guitar guy guys gym habit
hair haircut hairdresser half hall hand hands happiness head headache health heart heat heating
height help history hobby holiday holidays home homework hospital host hotel hotels hour hours house
household houses housework housing human hunger husband ice idea identity illness image
importance impression income increase industry information injury insurance interest internet
interview interviewer invitation island issue item items jacket jam job jobs joke journalist
journey juice key keys kid kids kind kitchen knowledge lack lady lake land landlady landlord
language laptop laundry law lawyer leader learning leave lecture leg lesson lessons letter level
library licence license lie life lifestyle light line list literature living loan location lock
look loss lot love luck luggage lunch machine magazine mail maintenance mall man management manager
manners market marriage match material math maths matter meal meals meaning means meat
media medicine meeting meetings member members membership memory men menu mess message messages
method milk mind minute minutes miss mistake mobile model mom moment money month months mood moon
morning mother motivation mountain mouse move movie movies mum museum music name names nature neck
need neighbor neighborhood neighbour neighbours news newspaper night noise note notes number nurse
object occasion offer office officer oil opera operation operator opinion opportunity option
options orange order orders organization outfit owner package page pain pair pants paper
paperwork parcel parent parents park parking part participants parties partner parts party pass
passenger passengers passion passport password past patience patient patients pay payment peace
people people's performance period permission person person's personality persons phone photo photos
picture pictures piece pizza place plan plane plans plant plants plate play player players
pleasure point police policeman policy politics pollution pool position possibility post potato
potatoes pounds power practice prepaid preparation presence present presentation presents pressure
price prices print printer prior problem problems procedure process product production
products professor profit program programs progress project promotion property proposal
psychology pub public pupil purchase purpose quality quantity quarrel question questions queue quiz
race radio rain rate reaction reader reason receipt reception receptionist recipe record
recording refrigerator refund relationship relatives relief rent repair repairs replacement report
reporter reputation request research reservation residence resident respect response responsibility
rest restaurant restaurants result results resume retirement return revenge review rice ride right
ring river road roads role room rooms roommate roommates routine rule rules safety salad salary sale
sales salesman salesperson sandwich scale scene schedule scholarship school schools science
scientist scientists screen sea search season seat security seller series service services session
set sex shape share shirt shoe shoes shop shopkeeper shopping shops show shower side sight sign sir
sister sister-in-law sisters site situation size skin skirt sky sleep smoke smoker smoking snow
soccer society software solution son song songs sort sound soup source space speaker speakers
speech speed spirit sport sports spot spring staff stage star start state statement station status
stay steak step stomach stop store stores story stranger street stress structure student students
studies studio study stuff style subject success suggestion suit suitcase summary sun
supermarket supper supplier support supporters surprise surroundings survey sweater swimming system
table tablet talk task taste tax taxi tea teacher teachers team tears tech technician
technology teenager teenagers telephone television temperature term terms test text texts theft
theme theory therapist thought ticket tickets tip tips title toilet tone tool tooth top topic
tour tourist tourists town toy toys trade tradition traffic train training transfer
transport transportation travel traveler treatment tree trees trip trouble truck trust truth try
type uncle understanding unemployment uniform universe university use user vacation value vegetables
vehicle version vet victim video view village virus visa visit visitor voice volume waiter waitress
walk wall wallet war washing waste watch water weather web website wedding week weekend weeks weight
wife wind window wine winter witness woman women wood word words work worker workers workout
workplace world writer writing year years youth
"""

_VERBS = """
accompany accord achieve admit adopt advise announce apply appreciate approve argue arrange arrive
assist assume attach attempt attend avoid bake base beat become beg begin behave belong blame borrow
bother breathe brush calculate cancel carry catch celebrate climb collect combine commit compare
compete complain conclude confirm confuse congratulate connect consult contain contribute convert
convince count cover criticize cross cry declare decline decorate decrease delete deliver deny
depend describe deserve destroy develop die dig disagree disappoint discuss dislike divide download
draw earn edit educate elect eliminate emphasize enable encourage enroll ensure escape establish
estimate evaluate examine exist expand explore express fail fall feed finish fly focus follow force
forgive fry gain gather grow handle happen hesitate hide hit hug identify ignore imagine improve
injure insist install intend invent irritate jog judge jump kick kill kiss knit knock laugh lay lend
lift listen load maintain manage marry measure meet melt mention mix motivate negotiate obtain occur
offend opt organize owe paint participate pause perform persuade pick possess post pour practice
practise praise pray prefer prepare press pretend prevent print proceed produce promise promote
prompt protect prove provide publish pull punish push quit raise reach react rearrange receive
recharge recognize recover reduce refer reflect refuse regret reject relate release rely remain
remind rent repair repeat replace reply represent request reschedule rescue research reserve resign
resist respect respond rest restart result retire return reveal reward ride ring rise roll rush scan
search select separate serve settle shake shave shoot shout shut sing smell smile solve spell split
spoil squeeze stare steal stick stretch strike struggle succeed suffer suggest suit supply support
suppose survive suspect swallow swear sweep swim switch taste tear tease tempt test throw tidy tie
touch trade train transfer transform translate transport trap travel treat trip trust try type
upgrade use vary visit volunteer vote walk warn wash waste watch weigh win wipe witness wrap write
yell
"""

_OTHERS = """
able absent academic accept active actual add additional administrative advanced advertising afford
afraid agree airy alive allow amazing ancient angry annual anxious apologies
apologize appropriate ask available average aware awful awkward bad balanced bare basic beautiful
believe big bigger black blind blue bored boring born brave bright bring broad broke broken brown
build busy buy calm careful careless cheap cheaper cheer choose classic clean clear clever click
cold come comfortable common complete complex congratulations consider constant contact continue
convenient cool correct crazy create cute daily dangerous dark dead dear decide deep delicious
different difficult dirty discover disgusting double drop easy eat effective efficient electric
electronic elderly emotional empty enjoy enjoyable enter entire equal essential excellent
excited exciting excuse exhausted expect expensive explain extra extreme fair fake false familiar
famous far fast fat favorite favourite feel female fill financial find fine fit fix flat forget
formal fortunate forward free frequent fresh full funny general gentle get ghost give glad
global go going good gonna gosh gotta great green grey gray guess handy happy hard harsh hate hear
healthy heavy helpful helpless high higher hire hold honest horrible hot huge human hungry hurry
hurt ill illegal important impossible impressive included independent individual indoor inform
innocent intense interested interesting international introduce invite invited join
joint judging keep know known large larger lazy lead learn leave left legal limited little live
local lonely look lose lost loud lovely low lower lucky mad main major make male married maximum
medical medium mental middle minimum minor missing modern moral move mutual mysterious narrow
national natural necessary negative nervous new nice noisy normal notice numerous official old older
open ordinary organic original outdoor overtime overweight painful parental past patient perfect
permanent personal physical pink play pleasant pleased polite political poor popular positive
possible practical pregnant present previous private professional proper proud public purple put
quick quiet random rare read ready real realize reasonable recent recommend red regular relax
relaxed relevant reliable religious remember remote remove responsible rich romantic rough round
rude run sad safe satisfied save say scared scary scientific see seem sell send senior sensitive
serious severe sexual sexy shame sharp short shy sick silly similar simple single sit skip slow
small smart social soft solid sophisticated sorry spare speak special specific spend spicy
standard stand steady stolen straight strange strict strong stupid successful suitable sunny super
supposed sure surprised sweet take talented tall tasty teach technical tell terrible thankful thick
thin think tight tiny tired total tough traditional true turn typical ugly unable unaware
understand unexpected unhappy unhealthy unique universal unknown unusual upcoming upset urgent
useful useless usual vague valuable vegan vegetarian vital wait wake wanna want warm weak wear
weird welcome western wet white wide wild willing wise wish wonderful wondering worried worry worse
worth wrong yellow young younger
two three four five six seven eight nine ten eleven twelve dozens hundreds thousands twenty thirty
forty fifty hundred
"""

# Forms of address and abbreviations, which have capitals anywhere.
_SHORT = """
am pm etc ie eg vs nr no's ad ads id tv dj pc i mr mrs ms miss sir madam ma'am dr a.m p.m
"""

_FUNCTION_WORDS = word_set(_FUNCTION + _SHORT)

COMMON_WORDS = word_set(_SHORT + _FUNCTION + _NOUNS + _VERBS + _OTHERS)

# Of what people do, and surnames more often.
_SURNAMES = word_set(
    "baker barber brewer carter carver cutter fisher fuller hunter mercer miller parker porter "
    "potter rider sawyer skinner tanner tucker turner walker weaver"
)

_CONTRACTED = re.compile(r"'(?:ll|d|ve|re|m)$")

_BEFORE_ES = ("ses", "xes", "zes", "ches", "shes", "oes")

_ENDINGS = word_list(
    "tion tions sion sions ness ments ship ships less ful ous able ible ally ently antly ingly "
    "edly ously fully tely ively arily wards ward ists isms ism"
)


def is_function_word(key: str) -> bool:
    """Whether a word in lower case names nothing wherever it stands."""
    return _CONTRACTED.sub("", key) in _FUNCTION_WORDS


def is_common(key: str) -> bool:
    """Whether a word in lower case, or the word that it is a form of, needs no capital."""
    key = _CONTRACTED.sub("", key)
    if key in _SURNAMES:
        return False
    if key in COMMON_WORDS or any(form in COMMON_WORDS for form in _roots(key)):
        return True
    return len(key) > 6 and any(key.endswith(ending) for ending in _ENDINGS)


def _roots(key: str) -> list[str]:
    """What an inflected word may be a form of."""
    roots = []
    for ending, put in (
        ("ies", "y"),
        ("es", ""),
        ("s", ""),
        ("ied", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("ly", ""),
        ("er", ""),
        ("er", "e"),
    ):
        if ending == "es" and not key.endswith(_BEFORE_ES):
            continue  # James is no form of jam.
        if len(key) > len(ending) + 2 and key.endswith(ending):
            roots.append(key.removesuffix(ending) + put)
            if len(roots[-1]) > 3 and not put and roots[-1][-1] == roots[-1][-2]:
                roots.append(roots[-1][:-1])
    return roots
