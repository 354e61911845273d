
"use strict";
// Renders openapi.json, the neighbour of this page. Text only ever becomes text nodes; the API key lives in its input field.

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/** Text in which `backquotes` mark code. */
function prose(text = "") {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

const spec = { document: null };

/** What a reference stands for. */
function resolve(value) {
  if (!value || typeof value.$ref !== "string") return value;
  const found = value.$ref.slice(2).split("/").reduce((at, key) => at?.[key], spec.document);
  return { ...found, ...value, $ref: undefined };
}

/** A schema's type in a few words. */
function typeName(schema) {
  if (schema === true || !schema) return "any JSON";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    const target = resolve(schema);
    return target.properties || target.anyOf || target.oneOf ? name : typeName(target);
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const names = options.map((option) => (option.const === undefined ? typeName(option) : JSON.stringify(option.const)));
    return [...new Set(names)].join(" or ");
  }
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeName({ ...schema, type })).join(" or ");
  if (schema.type === "array") return `list of ${typeName(schema.items)}`;
  return schema.type ?? "any JSON";
}

/** Rows for the fields of an object, those of objects within indented by their path. */
function fieldRows(schema, path = "", seen = []) {
  const target = resolve(schema);
  if (!target || seen.includes(schema.$ref)) return [];
  const inner = (field) => {
    const options = field.anyOf ?? field.oneOf ?? [field];
    const object = options.map((one) => (one.type === "array" ? one.items : one)).find((one) => resolve(one)?.properties);
    const suffix = options.some((one) => [].concat(one.type).includes("array")) ? "[]" : "";
    return object ? { object, suffix } : null;
  };
  const alternatives = target.properties ? [] : (target.anyOf ?? target.oneOf ?? []);
  const own = Object.entries(target.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}${name}`;
    const required = target.required?.includes(name);
    const about = field.description ?? resolve(field)?.description;
    const row = make(
      "tr",
      {},
      make("td", {}, make("code", {}, here), required ? "" : make("span", { class: "soft" }, " optional")),
      make("td", {}, make("span", { class: "soft" }, typeName(field)), about ? [" · ", ...prose(about)] : []),
    );
    const nested = inner(field);
    return [row, ...(nested ? fieldRows(nested.object, `${here}${nested.suffix}.`, [...seen, schema.$ref]) : [])];
  });
  return [...own, ...alternatives.flatMap((one) => fieldRows(one, path, [...seen, schema.$ref]))];
}

function fields(title, schema) {
  const rows = fieldRows(schema);
  return rows.length ? [make("h4", {}, title), make("table", {}, rows)] : [];
}

/** The form that sends the request, with what came back below it. */
function tryIt(method, path, operation) {
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const input = make("input", { name: parameter.name, autocomplete: "off", spellcheck: "false" });
    return { parameter, input, label: make("label", {}, `${parameter.name} (${parameter.in})`, input) };
  });
  const example = operation.requestBody?.content["application/json"]?.example;
  const body = example === undefined ? null : make("textarea", { spellcheck: "false", "aria-label": "Body" });
  if (body) body.value = JSON.stringify(example, null, 2);
  const button = make("button", { type: "submit" }, "Send");
  const status = make("div", { class: "status", role: "status" });
  const output = make("pre", { hidden: "" });
  const form = make("form", {}, inputs.map((one) => one.label), body ? make("label", {}, "body", body) : null, button);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const headers = {};
    const query = new URLSearchParams();
    let target = path.slice(1);
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value === "") continue;
      else if (parameter.in === "header") headers[parameter.name] = input.value;
      else query.set(parameter.name, input.value);
    }
    const key = $("key").value.trim();
    if (key && operation.security.length) headers.Authorization = `Bearer ${key}`;
    if (body) headers["Content-Type"] = "application/json";
    const search = query.size ? `?${String(query).replaceAll("%2C", ",")}` : "";
    const began = performance.now();
    try {
      const options = { method: method.toUpperCase(), headers, body: body?.value, credentials: "omit" };
      const response = await fetch(`${target}${search}`, options);
      const text = await response.text();
      const took = (performance.now() - began).toFixed(0);
      status.className = `status ${response.ok ? "good" : "bad"}`;
      status.textContent = `${response.status} ${response.statusText} in ${took} ms`;
      output.textContent = pretty(text);
    } catch (error) {
      status.className = "status bad";
      status.textContent = `not sent: ${error.message}`;
      output.textContent = "";
    }
    output.hidden = output.textContent === "";
    button.disabled = false;
  });
  return make("details", {}, make("summary", {}, "Try it"), form, status, output);
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function answers(operation) {
  const rows = Object.entries(operation.responses).map(([status, answer]) => {
    const kind = status < "300" ? "good" : "bad";
    const about = prose(resolve(answer).description);
    return make("tr", {}, make("td", {}, make("strong", { class: kind }, status)), make("td", {}, about));
  });
  return [make("h4", {}, "Answers"), make("table", {}, rows)];
}

function article(method, path, operation) {
  const parameters = (operation.parameters ?? []).map((one) =>
    make(
      "tr",
      {},
      make("td", {}, make("code", {}, one.name), make("span", { class: "soft" }, ` ${one.in}`)),
      make("td", {}, prose(one.description)),
    ),
  );
  const json = (content) => content?.["application/json"]?.schema;
  const success = Object.entries(operation.responses).find(([status]) => status < "300")?.[1];
  const keyless = !operation.security.length;
  return make(
    "article",
    { id: operation.operationId },
    make(
      "h3",
      {},
      make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("span", { class: "path" }, path),
      make("span", { class: "summary" }, operation.summary),
    ),
    make(
      "div",
      {},
      make("p", {}, prose(operation.description), keyless ? make("span", { class: "soft" }, " No API key needed.") : null),
      parameters.length ? [make("h4", {}, "Parameters"), make("table", {}, parameters)] : [],
      fields("Body", json(operation.requestBody?.content) ?? {}),
      fields("Answer", json(success?.content) ?? {}),
      answers(operation),
      tryIt(method, path, operation),
    ),
  );
}

function render(description) {
  spec.document = description;
  $("version").textContent = description.info.version;
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const intro = description.info.description.split("\n\n").map((text) => make("p", {}, prose(text)));
  const main = [make("h1", {}, "HTTP interface"), ...intro];
  const contents = [];
  for (const tag of description.tags) {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag.name));
    contents.push(make("h2", {}, tag.name));
    contents.push(...own.map(({ operation }) => make("a", { href: `#${operation.operationId}` }, operation.summary)));
    main.push(make("h2", {}, tag.name[0].toUpperCase() + tag.name.slice(1)));
    main.push(make("p", { class: "soft" }, tag.description));
    main.push(...own.map(({ method, path, operation }) => article(method, path, operation)));
  }
  $("contents").replaceChildren(...contents);
  $("main").replaceChildren(...main);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("openapi.json", { credentials: "omit" })
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`HTTP ${response.status}`))))
  .then(render)
  .catch((error) => {
    $("main").replaceChildren(make("p", { class: "loading bad" }, `The description did not load: ${error.message}`));
  });
