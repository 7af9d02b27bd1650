"""What happens to a call that names no workflow of its own."""

from cordboard.workflows.verbs import Call

DONE = "DONE"
NO_HUMAN = "NO_HUMAN"
TALK_ENDED = "TALK_ENDED"


async def default_script(call: Call) -> None:
    """Answer, ask for consent, record when it was given, let the AI agent serve the caller, hang up."""
    await call.answer()
    if await call.consent():
        await call.record()
    talk = await call.talk()
    if talk.done:
        await call.hang_up(DONE)
    elif talk.wants_human:
        # Human agents join with the next build; until then the AI agent has said that somebody will call back.
        await call.hang_up(NO_HUMAN)
    else:
        await call.hang_up(TALK_ENDED)
