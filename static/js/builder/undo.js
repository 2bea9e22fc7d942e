// What the rule was before each change, and after those that were taken back.
const MOST = 200;

// copy(model): a copy that no later change touches; show(model): what stands there now is this.
export function undoing(model, { copy, show }) {
  const past = [];
  const future = [];
  let present = copy(model);
  let typed = false;

  const go = (from, to) => {
    if (!from.length) return false;
    to.push(present);
    present = from.pop();
    typed = false;
    show(copy(present));
    return true;
  };

  return {
    // `typing`: one of many small changes, which are one step together.
    note(now, { typing = false } = {}) {
      if (JSON.stringify(now) === JSON.stringify(present)) return;
      if (!(typing && typed)) past.push(present);
      if (past.length > MOST) past.shift();
      future.length = 0;
      present = copy(now);
      typed = typing;
    },
    undo: () => go(past, future),
    redo: () => go(future, past),
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
  };
}
