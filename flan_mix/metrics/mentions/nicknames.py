"""Short forms of first names: Mike is Michael, Peggy is Margaret.

Prefixes of four letters (Alex, Alexander) and their endings are known by rule and not listed.
"""

from collections import defaultdict

# Each line: a name, then forms of it that no rule of `name_forms` finds.
_LINES = """
abigail abby gail
agnes aggie nessa
albert bert
aleksandra ola
alexander sandy sasha alec xander lex
alexandra sandra sandy sasha lexi alex lexie
alfred fred
alison ally ali
amanda mandy
amelia millie mia
andrew drew andy
angela angie
ann anna anne annie nancy nan hannah ania anya
anthony tony
antonia toni
archibald archie
arthur art
ashley ash
augustus gus
barbara babs barb basia
bartholomew bart
beatrice bea trixie
benjamin benji ben benny
bernard bernie
bradley brad
bridget biddy
callum cal
calvin cal
cameron cam
camilla cam millie milla
caroline carrie lina
catherine kate cathy kathy katie kitty cat kat kasia kay
charles charlie chuck chas chaz
charlotte lottie charlie charley
christina tina chris kris chrissy
christopher chris topher kit kris
cynthia cindy
daniel danny dan
david dave davy davey
deborah debbie debra deb
deirdre dee
dennis denny
dolores lola
dominic nick dom
donald don
dorothy dot dotty dolly dottie
edward ed eddie ned ted teddy
eleanor ellie nell nora lenny ella
elizabeth liz lizzie beth betty bess eliza lisa betsy libby ela elle
emily em millie
emma em
emmanuel manny
ernest ernie
esther essie hettie
eugene gene
evelyn eve evie
ewa eva eve
ezekiel zeke
florence flo florrie
frances fran fanny
francis frank
francisco paco pancho
frederick fred freddy freddie
gabriel gabe gab gabi
gabriela gabby gabi gab
gabriella gabby ella gab gabi
geoffrey geoff jeff
george georgie
gerald gerry jerry
gertrude trudy
gilbert gil bert
gregory greg
grzegorz greg
gwendolyn gwen wendy
harold harry hal
harriet hattie
helen nell nellie lena
henry harry hank hal
herbert bert herb
howard howie
ignacio nacho
isaac ike
isabel izzy isa bella
isabella bella izzy isa
isabelle belle izzy
jacob jake kuba jakub
jacqueline jackie
james jim jimmy jamie jem
jane janie jenny
jasmine jas jaz
jeffrey jeff
jennifer jenny jen
jeremy jerry jem
jessica jess jessie
joan joanie
joanna jo asia
john jack johnny jon
jonathan jon jonny nathan
jose pepe
joseph joe joey jody
josephine jo josie
joshua josh
judith judy
julia jules jul
juliet jules
katarzyna kasia kaska
katherine kate kathy katie kitty kat kasia kay
kathleen kathy kate
kenneth ken kenny
kevin kev
kimberly kim
lawrence larry laurie
leonard len lenny leo
leonardo leo
leroy roy
leslie les
lewis lou
lillian lil lilly lily
linda lin
louis lou
louise lou
lucas luke
lucille lucy
magdalena maggie magda lena
malgorzata gosia
margaret maggie meg peggy madge rita greta marge daisy peg
maria mary mia
martha marty patty
martin marty
mary molly polly mae may
matilda tilly mattie
matthew matt
maurice moe mo
maximilian max
maxwell max
melanie mel
melinda mel mindy
melissa mel missy
michael mike mick micky mickey mikey
michelle shelly
mikhail misha
mildred millie
miranda mandy mira
monica mon
natalia tasha natasha
natalie nat nattie
nathan nat nate
nathaniel nate nat
nicholas nick nicky
nicole nicky
oliver ollie oli
olivia liv livvy oli
oswald oz ozzy
pamela pam
patricia pat patty tricia trish
patrick pat paddy rick
penelope penny
peter pete
philip phil pip
philippa pippa
phillip phil pip
rachel rae
raymond ray
rebecca becky becca
regina gina reggie
reginald reggie reg
richard dick rick ricky rich richie
robert bob bobby rob bert robbie
roberta bobbie
rodney rod
roger rodge
ronald ron ronnie
rosalind ros roz
rosemary rose rosie
russell russ
samantha sam sammy sammie
samuel sam sammy
sarah sally sadie
sebastian seb
seymour sy
sidney sid
stanislaw stas staszek
stephanie steph
stephen steve
steven steve
stuart stu
susan sue susie suzie sukie
susanna sue susie
suzanne sue suzie
sydney syd
sylvia syl
tadeusz tadek
tamara tam
terence terry
teresa terry tess tessa
theodore ted teddy theo
theresa terry tess tessa
thomas tom tommy
timothy tim timmy
tobias toby
tomasz tom tomek
valerie val
vanessa nessa
veronica ronnie vera
victor vic
victoria vicky tori vic
vincent vince vinny
virginia ginny
vivian viv
vivienne viv
walter walt wally
wesley wes
wilhelmina mina billie minnie
william will bill billy willy liam
winifred winnie freddie
zachary zach zack
zofia zosia
"""


def _table() -> dict[str, frozenset[str]]:
    lines = [line.split() for line in _LINES.strip().splitlines()]
    # By line and not by closure: Bert is Albert and Robert, who are two.
    names = defaultdict(set)
    for number, line in enumerate(lines):
        for word in line:
            names[word].add(number)
    return {word: frozenset(numbers) for word, numbers in names.items()}


_GROUPS = _table()


def same_nickname(first: str, second: str) -> bool:
    """Whether two names in lower case are forms of one."""
    return not _GROUPS.get(first, frozenset()).isdisjoint(_GROUPS.get(second, frozenset()))
