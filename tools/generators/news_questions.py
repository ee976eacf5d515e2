"""Questions on short news, answered by a few words of the text."""

from tools.generators.draws import Draws
from tools.generators.news import draw_news


def news_question_row(draws: Draws) -> dict[str, str]:
    """A text, a question on one of its sentences, and the words that answer it."""
    while True:
        news = draw_news(draws)
        pattern, facts = draws.pick(news.told)
        if pattern.questions:
            break
    question, answer = draws.pick(pattern.questions)
    return {
        "text": news.text,
        "question": question.format(**facts),
        "reply": answer.format(**facts),
    }
