"""Short forms of first names: Mike is Michael, Peggy is Margaret.

Prefixes (Alex, Alexander) and endings (Dan, Danny) are known by rule and not listed.
"""

from collections import defaultdict

# Each line: a name, then forms of it that no rule of `name_forms` finds.
_LINES = """
abigail abby gail
agnes aggie nessa
albert bert
alexander sandy sasha alec xander lex
alexandra sandra sandy sasha lexi alex
alfred fred
aleksandra ola
amelia millie mia
andrew drew andy
angela angie
ann anna anne annie nancy nan hannah ania anya
anthony tony
antonia toni
archibald archie
arthur art
augustus gus
barbara babs barb basia
beatrice bea trixie
benjamin benji ben
bernard bernie
bradley brad
bridget biddy
caroline carrie lina
catherine kate cathy kathy katie kitty cat kat kasia kay
katherine kate kathy katie kitty kat kasia kay
kathleen kathy kate
charles charlie chuck chas chaz
charlotte lottie charlie charley
christina tina chris kris
christopher chris topher kit kris
cynthia cindy
daniel danny dan
deborah debbie debra deb
dennis denny
dominic nick dom
donald don
dorothy dot dotty dolly
edward ed eddie ned ted teddy
eleanor ellie nell nora lenny
elizabeth liz lizzie beth betty bess eliza lisa betsy libby ela elle
emily em millie
emma em
eugene gene
evelyn eve evie
ewa eva eve
florence flo florrie
frances fran fanny
francis frank
frederick fred freddy
gabriella gabby ella
gabriel gabe
george georgie
gerald gerry jerry
gertrude trudy
gilbert gil bert
grzegorz greg
gregory greg
gwendolyn gwen
harold harry hal
helen nell nellie lena
henry harry hank hal
herbert bert herb
howard howie
isabella bella izzy
isabelle belle izzy
jacob jake kuba jakub
jacqueline jackie
james jim jimmy jamie jem
jane janie jenny
jeffrey jeff
geoffrey geoff jeff
jennifer jenny jen
jeremy jerry jem
jessica jess jessie
joan joanie
joanna jo asia
john jack johnny jon
jonathan jon jonny nathan
joseph joe joey
josephine jo josie
joshua josh
judith judy
julia jules
juliet jules
kimberly kim
lawrence larry laurie
leonard len lenny leo
leonardo leo
lewis lou
louis lou
louise lou
lucille lucy
lucas luke
magdalena maggie magda lena
malgorzata gosia
margaret maggie meg peggy madge rita greta marge daisy
maria mary mia
martha marty patty
martin marty
mary molly polly mae may
matilda tilly mattie
matthew matt
michael mike mick micky mickey mikey
michelle shelly
mildred millie
nathaniel nate nat
natalia tasha natasha
nicholas nick nicky
nicole nicky
olivia liv livvy
oliver ollie
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
reginald reggie reg
richard dick rick ricky rich richie
robert bob bobby rob bert
roberta bobbie
rodney rod
roger rodge
ronald ron ronnie
rosemary rose rosie
russell russ
samantha sam sammy
samuel sam
sarah sally sadie
stephanie steph
stephen steve
steven steve
susan sue susie suzie
susanna sue susie
suzanne sue suzie
sylvia syl
tadeusz tadek
terence terry
teresa terry tess tessa
theresa terry tess tessa
theodore ted teddy theo
thomas tom tommy
timothy tim
tobias toby
tomasz tom tomek
valerie val
veronica ronnie vera
vanessa nessa
victor vic
victoria vicky tori vic
vincent vince vinny
virginia ginny
walter walt wally
wilhelmina mina billie
william will bill billy willy liam
winifred winnie freddie
zachary zach zack
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
