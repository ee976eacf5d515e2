"""Why customers write to the shop, and how each matter may end: the script of the support chats.

A script is one line of text: turns separated by `|`, each opening with its speaker, `C` for the
customer, `A` for the agent who answers and `D` for whoever decides (the agent, or a colleague who
was asked). `{…}` are the facts of the case. Every summary needs facts that the chat spreads over
several turns, and most endings have a script in which a first offer is turned down, so that the
first price or date in the chat is not the one that counts.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One way in which a matter ends: what is said, and what a summary must say of it.

    `money_back` is whether the customer gets money (a voucher is none); None where one may argue.
    """

    scripts: tuple[str, ...]
    summary: str
    money_back: bool | None = False


@dataclass(frozen=True)
class Scenario:
    """One reason to write: its name as an intent, its opening complaint, its possible ends."""

    intent: str
    problems: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    about: str
    has_order: bool = True


_REFUND = (
    "D: I will refund {price}.",
    "D: I can send a new one.|C: No, I want my money back.|D: Then I will refund {price}.",
    "D: I can refund {low}.|C: But I paid {price}.|D: You are right, I will refund {price}.",
)
_NEW_ONE = (
    "D: I will send a new one by {date}.",
    "D: Do you want your money back?|C: No, I want a new one.|D: Then I will send it by {date}.",
    "D: You can have a new one by {late}.|C: That is too late.|D: Then I will send it by {date}.",
)
_VOUCHER = (
    "D: I can give you a voucher for {price}.|C: A voucher is fine.",
    "D: I can give you a voucher for {low}.|C: That is not enough.|D: A voucher for {price} then.",
)

LATE_DELIVERY = Scenario(
    intent="late delivery",
    about="Does {customer} complain that a delivery is late?",
    problems=(
        "My {item} is late.",
        "I am still waiting for my {item}. The delivery is late.",
        "My {item} has not arrived.",
    ),
    outcomes=(
        Outcome(
            (
                "D: It will arrive on {date}.",
                "D: It is on its way and will arrive on {date}.",
                "D: It will arrive on {late}.|C: That is too late.|D: By express it will arrive "
                "on {date}.",
            ),
            "{customer} is waiting for order {order}, a {item}. {decider} says that it will "
            "arrive on {date}.",
        ),
        Outcome(
            tuple(script.replace("D: ", "D: The parcel is lost. ", 1) for script in _NEW_ONE),
            "Order {order}, a {item} for {customer}, was lost. {decider} will send a new one by "
            "{date}.",
        ),
        Outcome(
            tuple(script.replace("D: ", "D: The parcel is lost. ", 1) for script in _REFUND),
            "Order {order}, a {item} for {customer}, was lost. {decider} will refund {price}.",
            money_back=True,
        ),
    ),
)

BROKEN_ITEM = Scenario(
    intent="broken item",
    about="Did {customer} receive something broken?",
    problems=(
        "My {item} arrived broken.",
        "The {item} does not work. It is broken.",
        "I opened the box and the {item} was broken.",
    ),
    outcomes=(
        Outcome(
            _NEW_ONE,
            "{customer} received a broken {item} with order {order}. {decider} will send a new "
            "one by {date}.",
        ),
        Outcome(
            _REFUND,
            "{customer} received a broken {item} with order {order}. {decider} will refund "
            "{price}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: We can repair it by {date}.|C: Please do.",
                "D: I can refund {low}.|C: No, I want it repaired.|D: We will repair it by {date}.",
            ),
            "{customer} received a broken {item} with order {order}. {decider} will have it "
            "repaired by {date}.",
        ),
    ),
)

RETURN = Scenario(
    intent="return",
    about="Does {customer} want to return something?",
    problems=(
        "I would like to return my {item}.",
        "Can I return the {item}? I do not like the colour.",
        "I want to send back the {item}. I do not need it.",
    ),
    outcomes=(
        Outcome(
            (
                "D: Yes. Send it back and I will refund {price}.",
                "D: We take it back, but for {low}.|C: I paid {price}.|D: Fine, I will refund "
                "{price}.",
            ),
            "{customer} returns the {item} from order {order}. {decider} will refund {price}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: When did you buy it?|C: On {bought}.|D: Then you cannot return it any more.",
                "D: It is too late to return it.|C: Can I have a voucher?|D: No, I am sorry.",
            ),
            "{customer} wants to return the {item} from order {order}, but {decider} says that "
            "it is too late.",
        ),
        Outcome(
            _VOUCHER,
            "{customer} returns the {item} from order {order} and gets a voucher for {price} "
            "from {decider}.",
        ),
    ),
)

WRONG_ITEM = Scenario(
    intent="wrong item",
    about="Did {customer} receive the wrong thing?",
    problems=(
        "I ordered a {item} but got a {other}.",
        "You sent me the wrong item, a {other}. I ordered a {item}.",
        "There is a {other} in the box, not my {item}.",
    ),
    outcomes=(
        Outcome(
            (
                "D: I will send the right one by {date}.",
                "D: You can have the right one by {late}.|C: I need it earlier.|D: Then I will "
                "send it by {date}.",
            ),
            "{customer} ordered a {item} but received a {other}. {decider} will send the right "
            "one by {date}.",
        ),
        Outcome(
            _REFUND,
            "{customer} ordered a {item} but received a {other}. {decider} will refund {price}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: Keep it and I will give you {low} back.|C: I will keep it.",
                "D: I can send the right one.|C: I would rather keep this one.|D: Then I will "
                "give you {low} back.",
            ),
            "{customer} ordered a {item} but received a {other}, keeps it and gets {low} back "
            "from {decider}.",
            money_back=True,
        ),
    ),
)

CANCEL_ORDER = Scenario(
    intent="cancel order",
    about="Does {customer} want to cancel an order?",
    problems=(
        "Please cancel my order. It is a {item}.",
        "I want to cancel the {item} that I ordered.",
        "I do not want the {item} any more. Can you cancel it?",
    ),
    outcomes=(
        Outcome(
            (
                "D: It is cancelled. I will refund {price}.",
                "D: I can cancel it, but you pay {low}.|C: That is not fair.|D: Fine, I will "
                "refund {price}.",
            ),
            "{customer} cancels order {order} for a {item}. {decider} will refund {price}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: I am sorry, it was sent on {date}.",
                "D: It was sent on {date}, so I cannot stop it.|C: I see.",
            ),
            "{customer} wants to cancel order {order} for a {item}, but {decider} says that it "
            "was sent on {date}.",
        ),
        Outcome(
            (
                "D: If you keep it, I will take {low} off.|C: All right, I will keep it.",
                "D: Is it too expensive?|C: Yes.|D: I can take {low} off.|C: Then I will keep it.",
            ),
            "{customer} wanted to cancel order {order} for a {item} but keeps it, because "
            "{decider} takes {low} off.",
            money_back=None,
        ),
    ),
)

NEW_ADDRESS = Scenario(
    intent="new address",
    about="Does {customer} have a new address?",
    problems=(
        "I have a new address. Please send my {item} to {city}, not to {old_city}.",
        "I moved from {old_city} to {city}. Can my {item} go there?",
        "My {item} must go to my new address in {city}, not to {old_city}.",
    ),
    outcomes=(
        Outcome(
            (
                "D: Done. It will arrive there on {date}.",
                "D: I changed the address. It will arrive on {date}.",
            ),
            "{customer} wants order {order} sent to {city}. {decider} changes the address and "
            "says that it will arrive on {date}.",
        ),
        Outcome(
            (
                "D: I am sorry, it has already left.",
                "D: It has already left. You can collect it there.|C: That is far away.",
            ),
            "{customer} wants order {order} sent to {city}, but {decider} says that it has "
            "already left for {old_city}.",
        ),
        Outcome(
            (
                "D: That costs {low}.|C: I will pay it.",
                "D: That costs {price}.|C: That is too much.|D: I can do it for {low}.|C: Good.",
            ),
            "{customer} wants order {order} sent to {city}. {decider} changes the address for "
            "{low}.",
        ),
    ),
)

DOUBLE_PAYMENT = Scenario(
    intent="double payment",
    about="Does {customer} complain about paying twice?",
    problems=(
        "I paid twice for my {item}.",
        "My bank shows a double payment for the {item}.",
        "You took my money twice for one {item}.",
    ),
    outcomes=(
        Outcome(
            (
                "D: I see it too. You will have {price} back by {date}.",
                "D: You will have {price} back by {late}.|C: I need it sooner.|D: Then by {date}.",
            ),
            "{customer} paid twice for order {order}. {decider} will give back {price} by {date}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: I see only one payment of {price}.|C: I will ask my bank.",
                "D: We got {price} only once.|C: Are you sure?|D: Yes, I am sure.",
            ),
            "{customer} says that order {order} was paid twice, but {decider} sees only one "
            "payment of {price}.",
        ),
        Outcome(
            _VOUCHER,
            "{customer} paid twice for order {order} and gets a voucher for {price} from "
            "{decider}.",
        ),
    ),
)

MISSING_PART = Scenario(
    intent="missing part",
    about="Does {customer} look for a missing part?",
    problems=(
        "My {item} came without the {part}.",
        "A part of my {item} is missing, the {part}.",
        "I cannot find the {part} of my {item} in the box.",
    ),
    outcomes=(
        Outcome(
            (
                "D: I will send the missing part by {date}.",
                "D: You will have it by {late}.|C: Can you send it sooner?|D: Yes, by {date}.",
            ),
            "The {item} from order {order} came without the {part}. {decider} will send it to "
            "{customer} by {date}.",
        ),
        Outcome(
            (
                "D: We have no more of them. I can refund {low}.|C: That is fine.",
                "D: I can send it by {late}.|C: No, I will buy one.|D: Then I will refund {low}.",
            ),
            "The {item} from order {order} came without the {part}. {decider} will refund {low} "
            "to {customer}.",
            money_back=True,
        ),
        Outcome(
            (
                "D: Please look under the foam.|C: Oh, I found it now.",
                "D: It is often under the foam.|C: You are right, here it is.",
            ),
            "{customer} thinks that the {part} of the {item} is missing, but finds it with the "
            "help of {decider}.",
        ),
    ),
)

STOCK_QUESTION = Scenario(
    intent="stock question",
    about="Does {customer} ask if the shop has something?",
    has_order=False,
    problems=(
        "Do you have a {item} in stock?",
        "I have a question. Is the {item} in stock?",
        "I am looking for a {item}. Do you sell it?",
    ),
    outcomes=(
        Outcome(
            (
                "D: Not now. It will be back on {date} and costs {price}.",
                "D: It will be back on {date}.|C: What does it cost?|D: It costs {price}.",
            ),
            "{customer} asks for a {item}. {decider} says that it will be back on {date} for "
            "{price}.",
        ),
        Outcome(
            (
                "D: Yes, for {price}.|C: Please keep one for me until {date}.|D: I will do that.",
                "D: Yes, one is left. It costs {price}.|C: I will collect it on {date}.",
            ),
            "{customer} asks for a {item}. {decider} keeps one for {price} until {date}.",
        ),
        Outcome(
            (
                "D: No, we do not sell it any more.|C: That is a pity.",
                "D: No, but we have a {other}.|C: I do not want that one.",
            ),
            "{customer} asks for a {item}, but {decider} has none.",
        ),
    ),
)

NEW_DATE = Scenario(
    intent="new delivery date",
    about="Does {customer} want another delivery date?",
    problems=(
        "My {item} comes on {date}, but I am away. Can I have a new date?",
        "I need a new delivery date for my {item}. I am not at home on {date}.",
        "Can you bring my {item} on another day? On {date} I am at work.",
    ),
    outcomes=(
        Outcome(
            (
                "D: We can bring it on {late}.|C: That is good for me.",
                "D: Is {bad_date} better?|C: No, I am away then too.|D: And {late}?|C: Yes, that "
                "is fine.",
            ),
            "{customer} wants a new date for order {order}. {decider} moves it from {date} to "
            "{late}.",
        ),
        Outcome(
            (
                "D: We can leave it with a neighbour.|C: Please leave it with {neighbour}.",
                "D: Who can take it for you?|C: My neighbour {neighbour} can.|D: Very well.",
            ),
            "{customer} is away on {date}. {decider} will leave order {order} with {neighbour}.",
        ),
        Outcome(
            (
                "D: I am sorry, the date is fixed.|C: That is a pity.",
                "D: I cannot change it now.|C: Not even by a day?|D: No, I am sorry.",
            ),
            "{customer} wants a new date for order {order}, but {decider} cannot change {date}.",
        ),
    ),
)

SCENARIOS = (
    LATE_DELIVERY,
    BROKEN_ITEM,
    RETURN,
    WRONG_ITEM,
    CANCEL_ORDER,
    NEW_ADDRESS,
    DOUBLE_PAYMENT,
    MISSING_PART,
    STOCK_QUESTION,
    NEW_DATE,
)
