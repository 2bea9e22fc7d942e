// The rule as a tree, and moving about in it. No DOM here.
// A model is {include: {match, conditions}, leaveOut: {match, conditions}}; a rule is the JSON of docs/integrators/rules.md.

export const isGroup = (node) => node && Array.isArray(node.conditions);

export function fromRule(rule) {
  const copy = structuredClone(rule);
  const nobody = { match: "any", conditions: [] };
  if (!isGroup(copy)) return { include: { match: "all", conditions: [] }, leaveOut: nobody };
  if (copy.match === "none") return { include: { match: "all", conditions: [] }, leaveOut: outOf(copy) };
  const last = copy.conditions.at(-1);
  if (copy.match !== "all" || !isGroup(last) || last.match !== "none") return { include: copy, leaveOut: nobody };
  const rest = copy.conditions.slice(0, -1);
  const only = rest.length === 1 && isGroup(rest[0]) && rest[0].match === "any";
  return { include: only ? rest[0] : { match: "all", conditions: rest }, leaveOut: outOf(last) };
}

function outOf(none) {
  const [only] = none.conditions;
  if (none.conditions.length === 1 && isGroup(only) && only.match === "all") return only;
  return { match: "any", conditions: none.conditions };
}

// The rule, and the JSON path of each node of the model.
export function toRule({ include, leaveOut }) {
  let rule = { match: include.match, conditions: include.conditions };
  const places = new Map();
  if (leaveOut.conditions.length) {
    const both = leaveOut.match === "all";
    const none = { match: "none", conditions: both ? [leaveOut] : leaveOut.conditions };
    rule = include.match === "all"
      ? { match: "all", conditions: [...include.conditions, none] }
      : { match: "all", conditions: [include, none] };
  }
  walk(rule, "", (node, path) => places.set(node, path));
  return { rule, places };
}

function walk(group, path, visit) {
  group.conditions.forEach((node, index) => {
    const place = `${path ? `${path}.` : ""}conditions[${index}]`;
    visit(node, place);
    if (isGroup(node)) walk(node, place, visit);
  });
}

export function parentOf(group, wanted) {
  for (const node of group.conditions) {
    if (node === wanted) return group;
    const found = isGroup(node) && parentOf(node, wanted);
    if (found) return found;
  }
  return null;
}

export function remove(model, node) {
  const parent = home(model, node);
  parent.conditions.splice(parent.conditions.indexOf(node), 1);
  prune(model);
}

export const home = (model, node) => parentOf(model.include, node) || parentOf(model.leaveOut, node);

// up, down: among its neighbours; right: into a group with the one before; left: out of its group.
export function move(model, node, way) {
  const parent = home(model, node);
  const list = parent.conditions;
  const at = list.indexOf(node);
  if (way === "up" || way === "down") {
    const to = at + (way === "up" ? -1 : 1);
    if (to < 0 || to >= list.length) return false;
    list.splice(at, 1);
    list.splice(to, 0, node);
    return true;
  }
  if (way === "right") {
    const before = list[at - 1];
    if (!before) return false;
    list.splice(at, 1);
    if (isGroup(before)) before.conditions.push(node);
    else list[at - 1] = { match: parent.match === "any" ? "all" : "any", conditions: [before, node] };
    return true;
  }
  const above = home(model, parent);
  if (!above) return false;
  list.splice(at, 1);
  above.conditions.splice(above.conditions.indexOf(parent) + 1, 0, node);
  prune(model);
  return true;
}

export function dropBefore(model, node, target) {
  if (node === target || (isGroup(node) && parentOf(node, target))) return false;
  const from = home(model, node);
  from.conditions.splice(from.conditions.indexOf(node), 1);
  const to = home(model, target);
  to.conditions.splice(to.conditions.indexOf(target), 0, node);
  prune(model);
  return true;
}

// Groups that lost their last clause by moving go away.
function prune(model) {
  const clean = (group) => {
    group.conditions.filter(isGroup).forEach(clean);
    group.conditions = group.conditions.filter((node) => !isGroup(node) || node.conditions.length || node.fresh);
  };
  clean(model.include);
  clean(model.leaveOut);
}
