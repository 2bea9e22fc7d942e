// Writes random consent strings by the IAB's own libraries, with what these read back from them.
// Arguments: tcf or gpp, how many, a seed. One JSON line for each.

import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/package.json");
const [kind, count, seed] = process.argv.slice(-3);
let state = Number(seed) >>> 0;

/** A number of 0 to below `n`, the same for the same seed (a linear congruential generator). */
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}
const some = (n, share) => Array.from({ length: n }, (_, i) => i + 1).filter(() => below(100) < share);
const pick = (list) => list[below(list.length)];
const LANGUAGES = ["EN", "DE", "FR", "NL", "PL"];

function tcf() {
  const { GVL, PurposeRestriction, TCModel, TCString } = require("@iabtcf/core");
  const vendor = (id) => ({
    id, name: `V${id}`, purposes: [1, 3], legIntPurposes: [2, 7], flexiblePurposes: [2, 7],
    specialPurposes: [], features: [], specialFeatures: [], policyUrl: "https://example.com",
  });
  const most = pick([5, 60, 800]);
  const ids = some(most, pick([3, 50, 97]));
  const vendors = Object.fromEntries((ids.length ? ids : [1]).map((id) => [id, vendor(id)]));
  const nothing = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [i + 1, { id: i + 1, name: "", description: "" }]));
  const gvl = new GVL({
    gvlSpecificationVersion: 3, vendorListVersion: 1 + below(4000), tcfPolicyVersion: pick([4, 5]),
    lastUpdated: "2026-01-01T00:00:00Z", purposes: nothing, specialPurposes: {}, features: {},
    specialFeatures: { 1: { id: 1 }, 2: { id: 2 } }, stacks: {}, dataCategories: {}, vendors,
  });
  const model = new TCModel(gvl);
  model.cmpId = 2 + below(4000);
  model.cmpVersion = 1 + below(4000);
  model.consentScreen = below(64);
  model.publisherCountryCode = pick(["AA", "DE", "ID", "FR"]);
  model.isServiceSpecific = below(10) > 0;
  model.useNonStandardStacks = below(2) > 0;
  model.purposeOneTreatment = below(2) > 0;
  model.specialFeatureOptins.set(some(2, 50));
  model.purposeConsents.set(some(11, pick([0, 50, 100])));
  model.purposeLegitimateInterests.set(some(11, 50));
  model.vendorConsents.set(some(most, pick([2, 50, 98])));
  model.vendorLegitimateInterests.set(some(most, pick([2, 50, 98])));
  if (below(2)) model.publisherConsents.set(some(11, 60));
  if (below(2)) {
    model.numCustomPurposes = 1 + below(20);
    model.publisherCustomConsents.set(some(model.numCustomPurposes, 50));
  }
  for (const id of some(most, 20)) {
    if (model.isServiceSpecific && vendors[id])
      model.publisherRestrictions.add(id, new PurposeRestriction(pick([2, 7]), pick([0, 1])));
  }
  const segments = ["core", ...(below(4) ? ["vendorsDisclosed"] : []),
    ...(below(2) ? ["publisherTC"] : [])];
  const string = TCString.encode(model, { segments });
  const said = TCString.decode(string);
  const ids_of = (vector) => {
    const found = [];
    vector.forEach((value, id) => value && found.push(id));
    return found;
  };
  const restrictions = said.publisherRestrictions.getRestrictions().map((one) => [
    one.purposeId, one.restrictionType, said.publisherRestrictions.getVendors(one)]);
  return {
    string,
    expected: {
      created: said.created.toISOString(), updated: said.lastUpdated.toISOString(),
      cmp_id: said.cmpId, cmp_version: said.cmpVersion, screen: said.consentScreen,
      language: said.consentLanguage, list_version: said.vendorListVersion,
      policy_version: said.policyVersion, is_service_specific: said.isServiceSpecific,
      has_other_texts: said.useNonStandardStacks, country: said.publisherCountryCode,
      purpose_one_is_special: said.purposeOneTreatment,
      special_features: ids_of(said.specialFeatureOptins), purposes: ids_of(said.purposeConsents),
      interests: ids_of(said.purposeLegitimateInterests), vendors: ids_of(said.vendorConsents),
      vendor_interests: ids_of(said.vendorLegitimateInterests),
      disclosed: segments.includes("vendorsDisclosed") ? ids_of(said.vendorsDisclosed) : null,
      restrictions,
      publisher: segments.includes("publisherTC") ? [ids_of(said.publisherConsents),
        ids_of(said.publisherLegitimateInterests), ids_of(said.publisherCustomConsents)] : null,
    },
  };
}

/** Any value that a field may have, by what it has now. */
function other(name, value) {
  if (typeof value === "boolean") return below(2) > 0;
  if (!Array.isArray(value)) return name === "MspaCoveredTransaction" ? 1 + below(2) : below(3);
  if (!value.length) return some(pick([9, 900]), pick([4, 60, 95]));
  return typeof value[0] === "boolean" ? value.map(() => below(2) > 0) : value.map(() => below(3));
}

const KEPT = /Version$|SegmentType$|^Created$|^LastUpdated$|Language$|^Pub|Custom|Restrictions/;

function gpp() {
  const { GppModel, Sections } = require("@iabgpp/cmpapi");
  const model = new GppModel();
  const names = [...Sections.SECTION_ID_NAME_MAP.values()].filter(() => below(100) < 30);
  for (const section of names) {
    if (section === "uspv1") {
      for (const name of ["Notice", "OptOutSale", "LspaCovered"])
        model.setFieldValue(section, name, pick(["Y", "N", "-"]));
      continue;
    }
    const probe = new GppModel();
    probe.setFieldValue(section, section.startsWith("tcf") ? "CmpId" : "SaleOptOut", 0);
    model.setFieldValue(section, section.startsWith("tcf") ? "CmpId" : "SaleOptOut", 1);
    const fields = Object.entries(probe.getSection(section)).filter(([name]) => !KEPT.test(name));
    for (const [name, value] of fields) {
      if (typeof value === "number" && /Cmp|Screen/.test(name))
        model.setFieldValue(section, name, below(60));
      else if (name !== "IsServiceSpecific") model.setFieldValue(section, name, other(name, value));
    }
    if (section === "usnat" && below(2)) model.setFieldValue(section, "Version", 1);
  }
  const string = model.encode();
  const said = new GppModel(string);
  const expected = Object.fromEntries(names.map((name) => [name, said.getSection(name)]));
  return { string, expected, ids: model.getSectionIds() };
}

const make = { tcf, gpp }[kind];
for (let n = 0; n < Number(count); n++) console.log(JSON.stringify(make()));
