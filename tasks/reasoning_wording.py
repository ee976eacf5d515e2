"""Wording of the chain-of-thought tasks and of their direct twins.

Families by what a row has: a question (`QUESTION`), perhaps with answers to choose from
(`QUESTION_CHOICE`), a claim to judge (`CLAIM`), two sentences of which one is absurd
(`SENTENCE_PAIR`). `…_DIRECT` ask for the same answers without any reasoning. The inverted templates
ask for the reasoning behind a given answer, or for the question that some reasoning settles.
"""

from flan_mix.templates import Template

REASONED = "{reasoning} The answer is {answer}."
# For answers that are sentences and bring a full stop of their own.
REASONED_SENTENCE = "{reasoning} The answer is: {answer}"


def reasoned(inputs: str, name: str) -> Template:
    """A template whose target is the reasoning, and then the answer."""
    return Template(inputs, REASONED, name=name)


def direct(inputs: str, name: str) -> Template:
    """A template whose target is the answer alone."""
    return Template(inputs, "{answer}", name=name)


def _pair(inputs: str, name: str) -> Template:
    return Template(inputs, REASONED_SENTENCE, name=name)


def _inverted(inputs: str, targets: str, name: str) -> Template:
    return Template(inputs, targets, name=name, inverted=True)


QUESTION = (
    reasoned("{question}\n\nReason it out before you commit yourself.", name="reason_it_out"),
    reasoned("Question: {question}\nReasons and answer:", name="labels"),
    reasoned(
        "I will only believe it if I am shown what it rests on. {question}", name="what_it_rests_on"
    ),
    reasoned(
        'A colleague writes: "{question}" Draft the reply. It goes through the facts that matter '
        "and closes with the conclusion.",
        name="draft_the_reply",
    ),
    reasoned(
        "{question}\n\nWhat do you know that bears on this? Put it in a sentence or two and let "
        "the answer follow from it.",
        name="what_bears_on_this",
    ),
    reasoned("hm, {question} think out loud pls", name="think_out_loud"),
    reasoned(
        "You teach by example: for every exercise you speak your thoughts, and only then name the "
        "solution. Today's exercise is this one.\n{question}",
        name="teach_by_example",
    ),
    reasoned(
        "Do not guess. Derive what is asked for in small steps.\n{question}", name="small_steps"
    ),
    reasoned(
        "From an annotated answer key\nEntry: {question}\nAnnotation, with the key at its end:",
        name="annotated_key",
    ),
    reasoned(
        "Someone wants to learn how you get to your answers, not just the answers. Show them with "
        "the following.\n\n{question}",
        name="how_you_get_there",
    ),
)

QUESTION_CHOICE = (
    reasoned("{question}\n{options}\nSay first what speaks for your choice.", name="speaks_for"),
    reasoned(
        "Hold each of these up against the question and keep the one that stands.\n\n{question}\n"
        "{options}",
        name="keep_the_one_that_stands",
    ),
    reasoned("Multiple choice, with reasons.\n{question}\n{options}", name="multiple_choice"),
    reasoned(
        "{options}\n\nOne entry above settles this: {question} Find out which by thinking aloud.",
        name="thinking_aloud",
    ),
    reasoned(
        "My study group cannot agree on an item:\n{question}\n{options}\n\nConvince us; argument "
        "first, then the pick.",
        name="study_group",
    ),
    reasoned(
        "Examination sheet. The explanation earns as many marks as the right box does.\n\nTask: "
        "{question}\n{options}\n\nExplanation and box:",
        name="examination_sheet",
    ),
)

QUESTION_INVERTED = (
    _inverted("{question}\n\nIt has turned out to be: {answer}. Why?", "{reasoning}", name="why"),
    _inverted(
        'Somebody argued as follows and arrived at "{answer}". What had they been asked?\n\n'
        "{reasoning}",
        "{question}",
        name="what_had_been_asked",
    ),
    _inverted(
        "Turn these notes into a problem for others to solve, and add the solution.\nNotes: "
        "{reasoning}",
        "{question} The answer is {answer}.",
        name="notes_to_problem",
    ),
)

# Only where answers are many: of yes and no, a thousand questions would be asked in the same words.
ANSWER_INVERTED = (
    _inverted(
        "The last page of a puzzle book has nothing on it but: {answer}. Write the puzzle that "
        "belongs to it, and how one gets there.",
        "{question} {reasoning}",
        name="last_page",
    ),
)

QUESTION_DIRECT = (
    direct("{question}\nReply with the answer and nothing else.", name="nothing_else"),
    direct("Q: {question}\nA:", name="labels"),
    direct("{question}\n\nSkip the working, I just need what comes out.", name="skip_the_working"),
    direct(
        "In a quiz show the contestant who presses the button first may say a few words at most."
        "\nHost: {question}\nContestant:",
        name="quiz_show",
    ),
    direct("Solutions for the back of the book\nExercise: {question}\nSolution:", name="back"),
    direct("quick one - {question}", name="quick_one"),
    direct(
        "The form has no room for reasons.\nInquiry: {question}\nOutcome:",
        name="no_room_for_reasons",
    ),
    direct(
        "You have thought about this long enough, so tell me where you ended up: {question}",
        name="where_you_ended_up",
    ),
    direct("Short question, short reply. {question}", name="short_reply"),
    direct(
        "A script compares your output with a stored string, character by character. Print only "
        "that string.\n\n{question}",
        name="stored_string",
    ),
    direct(
        "The explanation has been given already; what is missing is its last line. It was about "
        'this: "{question}" Supply the line.',
        name="last_line",
    ),
)

QUESTION_CHOICE_DIRECT = (
    direct("{question}\n{options}", name="bare"),
    direct("Tick one and move on.\n\n{question}\n{options}", name="tick_one"),
    direct("{options}\n\nTake from these what fits: {question}", name="what_fits"),
    direct(
        "Answer sheet, remarks are not read.\nItem: {question}\n{options}\nTicked:",
        name="answer_sheet",
    ),
    direct(
        "Please settle a bet for us; who wins is all we care about. {question} We have narrowed it "
        "down:\n{options}",
        name="settle_a_bet",
    ),
    direct(
        "Press the right button.\nDisplay: {question}\nButtons:\n{options}", name="press_the_button"
    ),
)

MATHS = (
    reasoned(
        "Candidates for an aptitude test want a model solution to this, calculation included.\n\n"
        "{question}\n{options}",
        name="model_solution",
    ),
    reasoned(
        "{question}\nSet up what you need, work it through line by line, and name what results.",
        name="line_by_line",
    ),
)

EVERYDAY = (
    reasoned(
        "Everyday life teaches this better than books do. Use what it has taught you to explain "
        "yourself.\n{question}",
        name="everyday_life",
    ),
    reasoned(
        "{question}\nSome of these would be strange, others merely possible, and one is natural. "
        "Talk it through.\n{options}",
        name="natural",
    ),
)

SCIENCE = (
    reasoned(
        "Two facts from a science book, put together, are enough here. State both, combine them "
        "and conclude.\n\n{question}",
        name="two_facts",
    ),
    reasoned(
        "Science lesson, grade school. Build the chain of facts that leads to one of the "
        "following.\n{question}\n{options}",
        name="chain_of_facts",
    ),
)

YES_OR_NO = (
    reasoned(
        "What one must know for this is not in the question. Recall it piece by piece and finish "
        "with yes or no.\n\n{question}",
        name="recall_piece_by_piece",
    ),
    reasoned(
        "{question}\n{options}\nWhat would you have to look up, what would you find there, and "
        "which of the two does that make it?",
        name="look_up",
    ),
)

PASSAGE = (
    reasoned(
        "Point to the sentence of the passage that decides the matter and show how it does.\n\n"
        "{question}",
        name="sentence_that_decides",
    ),
    reasoned(
        "{question}\n\nWho or what do the words of the question stand for in the text? Clear that "
        "up, then answer.",
        name="what_the_words_stand_for",
    ),
)

INFERENCE = (
    reasoned(
        "Picture the scene that is described, tell what has to be so in it and what is left open, "
        "and decide.\n\n{question}",
        name="picture_the_scene",
    ),
    reasoned(
        "Logic seminar. Justify the inference or the refusal to make one.\n{question}\n{options}",
        name="logic_seminar",
    ),
)

CLAIM = (
    reasoned(
        "Claim: {claim}\nCheck it against what you know, in a sentence, then say yes if it holds "
        "and no if it does not.",
        name="check_it",
    ),
    reasoned('"{claim}" Is that so? Explain, then decide.\n{options}', name="is_that_so"),
    reasoned(
        "The note of a fact checker names the grounds first and the verdict, yes or no, last.\n\n"
        "Statement: {claim}\nNote:",
        name="fact_checker",
    ),
    reasoned(
        "Someone at your table says: {claim} Would you let it pass? Tell us what makes you think "
        "so.\n{options}",
        name="at_your_table",
    ),
    reasoned(
        "Truth of a sentence, with a reason in front.\nSentence: {claim}\n{options}\nResult:",
        name="truth_with_reason",
    ),
    reasoned("is it true what they say, {claim} and how do you know??", name="how_do_you_know"),
    reasoned(
        "You edit an encyclopedia and a user adds this line: {claim} Weigh it. End on yes if it "
        "may stay, on no if it has to go.",
        name="may_it_stay",
    ),
    reasoned(
        "{claim}\n\nWhat do you know about the thing that is spoken of here? Does it agree with "
        "the speaker?\n{options}",
        name="does_it_agree",
    ),
    reasoned(
        "Real or made up? Argue briefly; your last word is yes for real, no for invented.\n{claim}",
        name="real_or_made_up",
    ),
    reasoned(
        "Nobody is allowed to use the web in this round. A card is drawn that reads: {claim} "
        "Players earn a point for the background and another for the correct call.\n{options}",
        name="card_is_drawn",
    ),
    reasoned("Support or refute: {claim} (yes means supported)", name="support_or_refute"),
)

CLAIM_INVERTED = (
    _inverted(
        'Asked whether it is true that "{claim}", an expert answered {answer}. What did the expert '
        "base that on?",
        "{reasoning}",
        name="expert_basis",
    ),
    _inverted(
        "Judgement: {answer}. {reasoning}\n\nReconstruct the statement that was judged.",
        "{claim}",
        name="reconstruct",
    ),
    _inverted(
        "For a game of true or false you have this background. Write a card, with its solution.\n"
        "{reasoning}",
        "{claim} True? The answer is {answer}.",
        name="write_a_card",
    ),
)

CLAIM_DIRECT = (
    direct("Claim: {claim}\nDoes it hold? Just say yes or no.", name="does_it_hold"),
    direct("{claim}\n\nCorrect?\n{options}", name="correct"),
    direct(
        "Mark statements: a yes for those in line with the facts, a no for those that are not.\n\n"
        "{claim}",
        name="mark_statements",
    ),
    direct(
        "A child comes home from school and tells you: {claim} Is the child right about that?\n"
        "{options}",
        name="child_from_school",
    ),
    direct("Fact check\nInput: {claim}\nOutput (yes/no):", name="fact_check"),
    direct("Would an encyclopedia agree with this?\n{options}\n\n{claim}", name="encyclopedia"),
    direct(
        "Could one print the following in a schoolbook as it stands? Answer by yes or no alone. "
        "{claim}",
        name="schoolbook",
    ),
    direct("so, {claim} yes? no?", name="so"),
    direct(
        "Two teams judge sentences by pressing a key, without discussion.\nSentence on the screen: "
        "{claim}\nKeys:\n{options}",
        name="two_teams",
    ),
    direct(
        "Your friend puts money on it that {claim} Will your friend win, yes or no?",
        name="puts_money_on_it",
    ),
    direct(
        "Common knowledge is either for or against what is said here.\n{claim}\n\nIs it for it?\n"
        "{options}",
        name="for_or_against",
    ),
)

SENTENCE_PAIR = (
    _pair(
        "{sentence_a}\n{sentence_b}\n\nOne of the two cannot be meant seriously. Say what is wrong "
        "with the world it describes, and quote it.",
        name="quote_it",
    ),
    _pair("Which sentence is nonsense? Explain ahead of naming it.\n{options}", name="nonsense"),
    _pair(
        "First: {sentence_a}\nSecond: {sentence_b}\nExplanation, then the odd one:", name="labels"
    ),
    _pair(
        "A visitor from another planet cannot tell which of these happens on Earth and which does "
        "not. Teach the visitor something about Earth and then repeat what does not happen there."
        "\n\n{options}",
        name="visitor",
    ),
    _pair(
        "Somebody exchanged a word or two to make a sensible sentence absurd.\nThe versions are:\n"
        "- {sentence_b}\n- {sentence_a}\nWhere does the absurdity lie, and in which version?",
        name="exchanged_a_word",
    ),
    _pair(
        "Proofread for sense rather than spelling. Put your objection in front of the line you "
        "object to.\n\nLine: {sentence_a}\nLine: {sentence_b}",
        name="proofread",
    ),
    _pair(
        "Imagine both scenes. In one of them something is off.\n{options}\nDescribe the trouble "
        "and point out the scene.",
        name="something_is_off",
    ),
    _pair(
        "lol: {sentence_a} / {sentence_b} tell me why that's silly and which one i mean",
        name="why_silly",
    ),
    _pair(
        "A chatbot produced these by turns, and once it got the real world wrong.\n{options}\n"
        "Correct its belief before you cite the mistake.",
        name="chatbot",
    ),
    _pair(
        "Would they both pass as true to life? No. Give the fact that rules one out, followed by "
        "the one ruled out.\n\n{sentence_a}\n{sentence_b}",
        name="rules_one_out",
    ),
    _pair(
        "Test of common sense.\nItems:\n{options}\nGrounds for rejection and rejected item:",
        name="grounds_for_rejection",
    ),
)

SENTENCE_PAIR_INVERTED = (
    _inverted(
        "This is fine: {sensible}\nThis is not: {answer}\nWhat is the matter with it?",
        "{reasoning}",
        name="what_is_the_matter",
    ),
    _inverted(
        "Make up a short sentence that goes against this piece of common knowledge: {reasoning}",
        "{answer}",
        name="goes_against",
    ),
    _inverted(
        "Repair the sentence, with as few changes as you can.\nSentence: {answer}\nFault: "
        "{reasoning}\nRepaired:",
        "{sensible}",
        name="repair",
    ),
    _inverted(
        "Twist this until no one could take it seriously any more, and tell what makes it absurd. "
        "{sensible}",
        "{answer} {reasoning}",
        name="twist",
    ),
)

SENTENCE_PAIR_DIRECT = (
    direct(
        "{sentence_a}\n{sentence_b}\n\nWrite down again the one that makes no sense.",
        name="write_down_again",
    ),
    direct("Which of these could not happen?\n{options}", name="could_not_happen"),
    direct("1: {sentence_a} 2: {sentence_b} Absurd:", name="absurd"),
    direct(
        "A story for small children must not contain anything that contradicts how things are. "
        "Remove what has to go.\n\n{options}",
        name="story_for_children",
    ),
    direct(
        'Reading "{sentence_b}" and then "{sentence_a}", where would you stop and shake your head? '
        "Copy the passage.",
        name="shake_your_head",
    ),
    direct("spot the silly one\n{options}", name="spot_the_silly_one"),
    direct(
        "Sanity filter. It lets ordinary sentences through and holds back the others.\nIn: "
        "{sentence_a}\nIn: {sentence_b}\nHeld back:",
        name="sanity_filter",
    ),
    direct(
        "Two witnesses were heard, and a judge with common sense believed a single one of them.\n"
        "{options}\nWhose words were not believed?",
        name="witnesses",
    ),
    direct(
        "Experience tells us that either {sentence_a} or {sentence_b} is impossible or very "
        "strange. Name the strange one, without saying why.",
        name="experience",
    ),
    direct("Task: detection of nonsense\nCandidates:\n{options}\nDetected:", name="detection"),
    direct(
        'On a sheet headed "Find the mistake" a pupil sees these lines and underlines one of them.'
        "\n\n{sentence_b}\n{sentence_a}\n\nUnderlined:",
        name="find_the_mistake",
    ),
)
