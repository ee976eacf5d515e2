"""How natural language inference is put into words: templates of the tasks in `nli`.

Two families: is a text certain given another (yes, no), and is it certain, excluded or open (yes,
no, maybe). What fits only one dataset's texts stands behind them. The inverted templates ask for
a text that stands in a given relation to another.
"""

from flan_mix.templates import Template


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _inverted(inputs: str, targets: str, name: str) -> Template:
    return Template(inputs, targets, name=name, inverted=True)


TWO_WAY = (
    _answer(
        "{premise}\n\nGoing by the text above, is the following certain to be true?\n{hypothesis}"
        "\n{options}",
        name="certain_to_be_true",
    ),
    _answer(
        "Text: {premise}\nClaim: {hypothesis}\nBacked by the text, yes or no?",
        name="backed_by_the_text",
    ),
    _answer(
        "If the first statement holds, must the second hold as well?\nFirst: {premise}\nSecond: "
        "{hypothesis}\n{options}",
        name="must_the_second_hold",
    ),
    _answer(
        "You check facts for a newspaper and may rely on a single source.\nSource: {premise}\n"
        "Statement: {hypothesis}\nDoes the source bear the statement out? Answer yes or no.",
        name="fact_checker",
    ),
    _answer(
        "Premise: {premise}\nConclusion: {hypothesis}\nIs this a valid step?\n{options}",
        name="valid_step",
    ),
    _answer(
        'Would you be so kind as to compare two notes for me? The long one says: "{premise}" The '
        'short one says: "{hypothesis}" What I need to know is whether the long one already tells '
        "me all that is in the short one. A yes or a no will do.",
        name="compare_two_notes",
    ),
    _answer(
        "An editor looks for a headline that promises no more than the article keeps.\n\nHeadline: "
        "{hypothesis}\nArticle: {premise}\n\nMay it be printed? (yes/no)",
        name="headline",
    ),
    _answer(
        "so the article goes: {premise}\n\nand my friend says: {hypothesis}\n\nis my friend right, "
        "going by the article? yes or no",
        name="is_my_friend_right",
    ),
    _answer(
        "Reading test. Mark the sentence with yes if someone who knows the passage and nothing "
        "else has to agree with it, and with no otherwise.\nPassage: {premise}\nSentence: "
        "{hypothesis}\nMark:",
        name="reading_test",
    ),
    _answer(
        '"{hypothesis}"\n\nDo these lines let a reader conclude that?\n\n{premise}\n\n{options}',
        name="let_a_reader_conclude",
    ),
    _answer(
        "Recognize textual entailment.\nt: {premise}\nh: {hypothesis}\nt entails h:",
        name="t_entails_h",
    ),
)

RTE = (
    *TWO_WAY,
    _inverted(
        "{premise}\n\nThink of one sentence that {relation} from this.",
        "{hypothesis}",
        name="think_of_a_sentence",
    ),
    _inverted(
        'Write a few lines of news. A reader is then asked whether the statement "{hypothesis}" '
        "is a consequence of them, and the correct reply has to be: {answer}.",
        "{premise}",
        name="lines_of_news",
    ),
)

WNLI = (
    *TWO_WAY,
    _answer(
        "{premise}\n\nSomebody put this in place of the part with a pronoun in it: {hypothesis}\n"
        "Was the pronoun understood as it was meant?\n{options}",
        name="pronoun_understood",
    ),
    _answer(
        "Original: {premise}\nRetold in part: {hypothesis}\nWho does what to whom must be the same "
        "in both versions. Write yes if that is so here, no if people or things got mixed up.",
        name="retold_in_part",
    ),
    _answer(
        'Does a little word like "it", "he" or "they" in line one point to what line two says it '
        "does?\n1. {premise}\n2. {hypothesis}\n{options}",
        name="little_word",
    ),
    _inverted(
        "{premise}\n\nSay part of it again, this time with a name or a noun for the pronoun, so "
        "that your version {relation} from the text.",
        "{hypothesis}",
        name="say_part_again",
    ),
    _inverted(
        'It was found that "{hypothesis}" {relation} from a text which uses a pronoun there. How '
        "may the text run?",
        "{premise}",
        name="how_it_may_run",
    ),
)

THREE_WAY = (
    _answer(
        "{premise}\n\nSuppose all of that is so. Is this true too?\n{hypothesis}\n{options}",
        name="suppose_all_of_that",
    ),
    _answer(
        "Text: {premise}\nClaim: {hypothesis}\nWhat does the text do to the claim? Say yes if it "
        "supports it, no if it contradicts it, maybe if it does neither.",
        name="what_the_text_does",
    ),
    _answer(
        "Given A, does B hold?\n\nA: {premise}\nB: {hypothesis}\n\n{options}",
        name="given_a",
    ),
    _answer(
        'A witness stated: "{premise}" The lawyer now puts it to the court that: "{hypothesis}" '
        "Can the court take this from the statement? Yes means that it must be so, no that it "
        "cannot be so, and maybe that the witness left it open.",
        name="witness",
    ),
    _answer(
        "{hypothesis}\n\nTrue or not? You may consult nothing but these lines:\n{premise}\n"
        "{options}",
        name="nothing_but_these_lines",
    ),
    _answer(
        "Natural language inference with three labels: yes (entailed), no (contradicted), maybe "
        "(neither).\npremise: {premise}\nhypothesis: {hypothesis}\nlabel:",
        name="three_labels",
    ),
    _answer(
        'Hi! I have just read this somewhere: "{premise}" Now I wonder what happens if I go and '
        'tell people: "{hypothesis}" Would I be right, would I be wrong, or is it something one '
        "can't know from what I read? Just say yes, no or maybe.",
        name="go_and_tell_people",
    ),
    _answer(
        "we know: {premise}\nwe ask: {hypothesis}\nyes / no / maybe:",
        name="we_know_we_ask",
    ),
    _answer(
        "Fill in the key of a reading exercise, in which pupils judge statements about a passage "
        "by that passage.\nPassage: {premise}\nStatement: {hypothesis}\n{options}",
        name="key_of_an_exercise",
    ),
    _answer(
        "Picture what is described here and add nothing to it: {premise}\n\nWould somebody who "
        "looks at it agree with the words below?\n{hypothesis}\n{options}",
        name="picture_it",
    ),
    _answer(
        "Compare a report with the summary that somebody made of it. If the report makes sure that "
        "the summary is correct, answer yes; if it shows the opposite, no; if the summary adds "
        "something of its own, maybe.\nReport: {premise}\nSummary: {hypothesis}",
        name="report_and_summary",
    ),
    _answer(
        "Knowledge base:\n{premise}\n\nQuery, to be answered from it: is the next line a fact?\n"
        "{hypothesis}\n\n{options}",
        name="knowledge_base",
    ),
    _answer(
        "1. {premise}\n2. {hypothesis}\nTest the second sentence against the first: certain (yes), "
        "ruled out (no) or undecided (maybe)?",
        name="certain_ruled_out_undecided",
    ),
)

_THREE_WAY_INVERTED = (
    _inverted(
        "{premise}\n\nGive one sentence that {relation} if this is so.",
        "{hypothesis}",
        name="give_one_sentence",
    ),
    _inverted(
        'Somebody read a text and remarked about the sentence "{hypothesis}" that, after such a '
        "text, it {relation}. What may have been in the text?",
        "{premise}",
        name="what_was_in_the_text",
    ),
)

CB = (
    *THREE_WAY,
    _answer(
        "{premise}\n\nDo the last words leave the speaker committed to this, as something that "
        "really is the case: {hypothesis}?\n{options}",
        name="speaker_committed",
    ),
    _answer(
        "Quotation: {premise}\nPeople say, doubt, deny, imagine and ask many things. Whoever is "
        "speaking above, do they hold that {hypothesis}? Write yes if they do, no if they hold the "
        "opposite and maybe if neither can be told.",
        name="say_doubt_deny",
    ),
    *_THREE_WAY_INVERTED,
)

ANLI = (
    *THREE_WAY,
    _answer(
        "Careful, this statement may be a trap: count, work out dates and ages, and mind who is "
        "who before you decide whether it is correct.\nContext: {premise}\nTrap or not: "
        "{hypothesis}\n{options}",
        name="may_be_a_trap",
    ),
    _answer(
        "The quiz master holds a card with these words on it: {premise}\nA player says: "
        "{hypothesis}\nOn the strength of the card alone, is the point given (yes), refused (no) "
        "or put off until someone has looked it up elsewhere (maybe)?",
        name="quiz_master",
    ),
    *_THREE_WAY_INVERTED,
)

SNLI = (
    *THREE_WAY,
    _answer(
        "A photograph has the caption: {premise}\nThe album has room for a second one. Would this "
        "be right?\n{hypothesis}\n{options}",
        name="second_caption",
    ),
    _answer(
        "What one sees: {premise}\nWhat one is told: {hypothesis}\nAnswer yes if the picture shows "
        "what one is told, no if it cannot be like that, maybe if it might be either way.",
        name="sees_and_is_told",
    ),
    *_THREE_WAY_INVERTED,
)

MNLI = (
    *THREE_WAY,
    _answer(
        "These words may come from a letter, a phone call, a novel or an office: {premise}\n"
        "Whoever produced them, have they thereby also told us the following?\n{hypothesis}\n"
        "{options}",
        name="also_told_us",
    ),
    _answer(
        "A: {premise}\nB: So, {hypothesis}\nWhat should A reply to B if A sticks to the facts "
        "given: yes, no or maybe?",
        name="what_should_a_reply",
    ),
    *_THREE_WAY_INVERTED,
)

SICK = (
    *THREE_WAY,
    _answer(
        "A camera films just what the first line says. Will the second line fit the film?\n"
        "First line: {premise}\nSecond line: {hypothesis}\n{options}",
        name="camera",
    ),
    _answer(
        'Whenever it is correct to say "{premise}", is it correct to say "{hypothesis}"? '
        "(always: yes; never: no; at times: maybe)",
        name="whenever",
    ),
    *_THREE_WAY_INVERTED,
)

QNLI = (
    _answer(
        "Question: {question}\nSentence: {sentence}\nIs the answer in the sentence?\n{options}",
        name="in_the_sentence",
    ),
    _answer(
        'Someone asks you: "{question}" All you can do is to read out a line of an encyclopedia: '
        '"{sentence}" Would they then know what they wanted to know? Reply with yes or no.',
        name="read_out_a_line",
    ),
    _answer(
        "{sentence}\n\nDoes that suffice to answer the following?\n{question}\n{options}",
        name="does_that_suffice",
    ),
    _answer(
        "A search engine returned a hit. Keep it (yes) or drop it (no), according to whether it "
        "gives what the query is after.\nQuery: {question}\nHit: {sentence}",
        name="keep_the_hit",
    ),
    _answer(
        "question: {question} context: {sentence} answerable:",
        name="answerable",
    ),
    _answer(
        "A reader with a highlighter looks for the place that settles this point: {question}\n"
        "Should any part of these words be coloured?\n{sentence}\n{options}",
        name="highlighter",
    ),
    _answer(
        "Quiz night! The host is about to ask: {question} By mistake the teams have already been "
        "shown this: {sentence}\nHas the solution been given away?\n{options}",
        name="given_away",
    ),
    _answer(
        "can i find out\n{question}\nfrom\n{sentence}\nor can't i? yes/no",
        name="can_i_find_out",
    ),
    _answer(
        "Be strict about relevance: a statement on the same subject that leaves the matter open is "
        "a no, one that resolves it is a yes.\nQ: {question}\nS: {sentence}\nJudgement:",
        name="strict_relevance",
    ),
    _answer(
        "For each question on a text, a teacher's book quotes the passage that pupils have to "
        'find. It has "{sentence}" for this one: {question}\nDoes the book quote the right '
        "passage?\n{options}",
        name="teachers_book",
    ),
    _answer(
        'Dear colleague, on our page of frequent questions I plan to put "{sentence}" under '
        '"{question}" Will visitors be content with it or has it missed the point? A plain yes (it '
        "will do) or no is all I need.",
        name="frequent_questions",
    ),
    _inverted(
        "{sentence}\n\nWrite a question on the same subject which these words will {verdict}.",
        "{question}",
        name="write_a_question",
    ),
    _inverted(
        'An article touches on what somebody wants to know: "{question}" Invent a sentence of the '
        "article, one that would {verdict} it.",
        "{sentence}",
        name="sentence_of_the_article",
    ),
)
