"""Wording that question tasks of several categories share: six families, by what a row has.

A text and a question about it (`PASSAGE_QUESTION`), the same with answers to choose from
(`PASSAGE_CHOICE_SHOWN`, `PASSAGE_CHOICE_OPEN`) or answered by yes or no (`YES_NO`); a question on
its own with answers to choose from (`CHOICE_SHOWN`, `CHOICE_OPEN`) or without (`CLOSED_BOOK`); a
beginning and its possible endings (`ENDING_SHOWN`, `ENDING_OPEN`). Where there is something to
choose from, SHOWN templates show it and OPEN ones leave it to the reader to think of the answer.
"""

from flan_mix.templates import Template


def answer(inputs: str, name: str) -> Template:
    """A template whose target is the task's answer."""
    return Template(inputs, "{answer}", name=name)


PASSAGE_QUESTION = (
    answer(
        "{passage}\n\nUsing the text above and nothing else, reply in as few words as you can: "
        "{question}",
        name="few_words",
    ),
    answer("Passage: {passage}\nQuestion: {question}\nAnswer:", name="labels"),
    answer(
        "I have to know this: {question}\nThe document I was given goes as follows. Please find "
        "what I need in it.\n\n{passage}",
        name="find_what_i_need",
    ),
    answer(
        'A class has read these lines:\n{passage}\n\nThe teacher now asks: "{question}" What '
        "should a pupil say?",
        name="teacher_asks",
    ),
    answer("{question}\n\nBase what you say on this source:\n{passage}", name="base_on_source"),
    answer(
        'Somebody types "{question}" into a search engine, which comes up with a '
        "page:\n\n{passage}\n\nShow, in large letters above the page, the fact that they are "
        "after.",
        name="large_letters",
    ),
    answer("Quiz card\nBackground: {passage}\nFront: {question}\nBack:", name="quiz_card"),
    answer("read this for me pls\n\n{passage}\n\n{question}", name="pls"),
    answer(
        "An examiner gives full marks only for an exact, short reply that the extract "
        "supports.\n\nExtract: {passage}\n\nExam question: {question}",
        name="examiner",
    ),
    answer(
        "Machine reading. Input: a context and a query. Output: the name, phrase or number that "
        "settles the query.\nContext: {passage}\nQuery: {question}",
        name="machine_reading",
    ),
    answer(
        "Go through what is written here with one thing in mind, namely "
        '"{question}"\n\n{passage}\n\nWhat did you find?',
        name="one_thing_in_mind",
    ),
)

PASSAGE_CHOICE_SHOWN = (
    answer("{passage}\n\n{question}\n{options}", name="bare"),
    answer(
        "Answers that clash with the text or miss its point are out. Which is in?\n\nText: "
        "{passage}\nQuestion: {question}\n{options}",
        name="which_is_in",
    ),
    answer(
        "Anyone who understood this would tick the same box.\n\n{passage}\n\nBoxes under "
        '"{question}":\n{options}',
        name="same_box",
    ),
    answer(
        "An entrance examination has the following item.\nReading matter: {passage}\nItem: "
        "{question}\n{options}",
        name="entrance_examination",
    ),
    answer(
        "{question} A single one of the replies listed under the story agrees with "
        "it.\n\n{passage}\n\n{options}",
        name="agrees_with_story",
    ),
    answer(
        "Several people were given some lines to think about and were then asked something. Who "
        "of them got it right?\n\nLines: {passage}\nAsked: {question}\nPeople said:\n{options}",
        name="who_got_it_right",
    ),
)

PASSAGE_CHOICE_OPEN = (
    answer(
        "{passage}\n\nThink about what is said and what is left unsaid here. In a short sentence: "
        "{question}",
        name="said_and_unsaid",
    ),
    answer("Passage: {passage}\nQ: {question}\nA:", name="q_and_a"),
    answer(
        "A friend of mine skipped the reading but has to discuss it tomorrow. Help with one "
        "point, briefly.\nThe reading: {passage}\nThe point: {question}",
        name="skipped_the_reading",
    ),
    answer(
        "Someone would like to learn: {question}\nWhat would you tell them after you have been "
        "through this?\n\n{passage}",
        name="tell_them",
    ),
    answer("what do you make of it? {question}\n\n{passage}", name="make_of_it"),
    answer(
        "Infer the answer; it may stand between the lines.\n\nSource: {passage}\n\nInference "
        "question: {question}",
        name="between_the_lines",
    ),
)

YES_NO = (
    answer("{passage}\n\n{question}?\n{options}", name="bare"),
    answer("Text: {passage}\nQuestion: {question}?\nYes or no:", name="labels"),
    answer(
        'Someone put "{question}" into a search engine and landed on the page below. Does it tell '
        "them yes or no?\n\n{passage}",
        name="search_engine",
    ),
    answer(
        "True to the encyclopedia entry that follows, how must one reply to "
        '"{question}?"\n{passage}\n{options}',
        name="true_to_the_entry",
    ),
    answer(
        "A radio show allows callers a single word, yes or no. The caller holds these notes: "
        '{passage}\nHost: "So, {question}?"\nCaller:',
        name="radio_show",
    ),
    answer(
        "{question}? Settle our bet with this excerpt:\n\n{passage}\n\n{options}",
        name="settle_our_bet",
    ),
    answer(
        "hey quick check, {question}? all i have is this, and i need a yes or a no\n\n{passage}",
        name="quick_check",
    ),
    answer(
        "Boolean question answering.\nContext: {passage}\nQuery: {question}?\n{options}",
        name="boolean",
    ),
    answer(
        "Please read the paragraph with care, then decide whether the facts in it make the "
        'question after it one to be affirmed ("yes") or denied ("no").\n\nParagraph: '
        "{passage}\n\nQuestion: {question}?",
        name="affirmed_or_denied",
    ),
    answer(
        'Turn "{question}?" into a statement. Write yes if this source bears the statement out, '
        "and no if it contradicts it.\nSource: {passage}",
        name="into_a_statement",
    ),
    answer(
        "What is the verdict of these lines on the matter of "
        '"{question}"?\n\n{passage}\n\n{options}',
        name="verdict",
    ),
)

CHOICE_SHOWN = (
    answer("{question}\n{options}", name="bare"),
    answer("Question: {question}\n{options}\nThis reply beats the rest:", name="beats_the_rest"),
    answer(
        "You stand in front of a quiz machine. It displays:\n\n{question}\n{options}\n\nWhich "
        "button do you press?",
        name="quiz_machine",
    ),
    answer(
        "All but one of the replies under this are wrong, though some of them may look right. "
        "{question}\n{options}",
        name="all_but_one",
    ),
    answer(
        "In our study group we could not agree about the problem below. Which side would you "
        "take?\n\n{question}\n\n{options}",
        name="study_group",
    ),
    answer(
        'Cross out whatever cannot be true until a single answer to "{question}" is '
        "left.\n{options}",
        name="cross_out",
    ),
)

CHOICE_OPEN = (
    answer("Q: {question}\nA:", name="q_and_a"),
    answer("What would a well-informed person say to this? {question}", name="well_informed"),
    answer("{question}\n\nKeep it to a word or a short phrase.", name="short_phrase"),
    answer("please help me with my homework: {question}", name="homework"),
    answer(
        "I am going to ask you something, and you reply without any explanation. {question}",
        name="without_explanation",
    ),
    answer("Flash card\nFront side: {question}\nBack side:", name="flash_card"),
)

CLOSED_BOOK = (
    answer("Answer from memory: {question}", name="from_memory"),
    answer("Trivia night! Your team hears: {question}\nWrite on the slip:", name="trivia_night"),
    answer("Question: {question}\nShort answer:", name="labels"),
    answer(
        "If an encyclopedia were at hand, which name, date, number or phrase would it give for "
        "this? {question}",
        name="encyclopedia_at_hand",
    ),
    answer("{question}\n\nI am after the bare fact and no sentence around it.", name="bare_fact"),
    answer(
        'A user says to a voice assistant: "{question}" The assistant speaks as little as '
        "possible. What does it reply?",
        name="voice_assistant",
    ),
    answer("do you happen to know this one? {question}", name="happen_to_know"),
    answer(
        "You deal with the letters of curious readers at a newspaper. Today's letter says "
        '"{question}" Print your reply.',
        name="curious_readers",
    ),
    answer("General knowledge, books closed.\nAsked: {question}\nRecalled:", name="books_closed"),
    answer("Search query: {question}\nTop of the results page, in bold:", name="results_page"),
    answer(
        "For the jackpot, dear contestant, and with no help from the audience: {question}",
        name="jackpot",
    ),
)

ENDING_SHOWN = (
    answer("{context}\n\nHow does it go on?\n{options}", name="how_does_it_go_on"),
    answer(
        "Only one of these endings follows sensibly from its beginning.\nBeginning: "
        "{context}\n{options}",
        name="follows_sensibly",
    ),
    answer(
        "The last line of a text got lost, and there are some guesses at what it said. Which "
        "guess deserves belief?\n\nText: {context}\n\nGuesses:\n{options}",
        name="guesses",
    ),
    answer(
        "As an editor, reject every close that would be absurd after the words below and keep the "
        "one that would not.\n\n{context}\n\n{options}",
        name="editor",
    ),
    answer("Start: {context}\n{options}\nMost natural finish:", name="natural_finish"),
)

ENDING_OPEN = (
    answer("Continue: {context}", name="continue"),
    answer("{context}\n\nDescribe the moment that comes after.", name="moment_after"),
    answer(
        "You complete what another writer began, in as few words as it takes.\nWritten so far: "
        "{context}\nYour part:",
        name="another_writer",
    ),
    answer(
        "somebody was telling me this and stopped in the middle: {context} ... so how would it "
        "end?",
        name="stopped_in_the_middle",
    ),
    answer(
        "We all know how things usually turn out. Apply that knowledge in order to round off the "
        "account given here.\n\n{context}",
        name="round_off",
    ),
)
