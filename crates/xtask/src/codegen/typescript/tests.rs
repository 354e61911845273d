use serde_json::{Value, json};

use super::emit;
use crate::codegen::read;

fn check(defs: Value, expect: &str) {
    let definitions = read::definitions(&json!({ "$defs": defs })).unwrap();
    let module = emit(&definitions);
    assert_eq!(module.split_once("null.\n\n").unwrap().1, expect, "{module}");
}

#[test]
fn an_object_is_an_interface() {
    check(
        json!({ "Point": {
            "description": "Where.\n\nAnd */ when.", "type": "object", "required": ["x", "at"],
            "properties": {
                "x": { "type": "integer", "format": "uint64", "description": "In [`Metres`]." },
                "odd-name": { "type": "array", "items": { "type": ["string", "null"] } },
                "at": { "type": ["number", "null"] },
                "by": { "type": "object", "additionalProperties": true },
            },
        } }),
        "\
/**
 * Where.
 *
 * And *\\/ when.
 */
export interface Point {
  at: number | null;
  by?: Record<string, unknown>;
  'odd-name'?: (string | null)[];
  /** In `Metres`. */
  x: number;
}
",
    );
}

#[test]
fn strings_to_choose_from_keep_what_is_said_of_each() {
    check(
        json!({
            "A": { "oneOf": [{ "const": "x", "type": "string", "description": "First." }, { "const": "y", "type": "string" }] },
            "B": { "type": "string", "enum": ["it's", "b"] },
        }),
        "\
export type A =
  /** First. */
  | 'x'
  | 'y';

export type B = 'it\\'s' | 'b';
",
    );
}

#[test]
fn a_tagged_union_is_discriminated() {
    let tag = |name: &str| json!({ "type": "string", "const": name });
    check(
        json!({
            "Shape": { "oneOf": [
                { "type": "object", "description": "Round.", "required": ["type", "r"],
                  "properties": { "r": { "type": "number" }, "type": tag("circle") } },
                { "type": "object", "required": ["type"], "properties": { "type": tag("box") },
                  "anyOf": [{ "$ref": "#/$defs/Size" }, { "type": "null" }] },
            ] },
            "Size": { "type": "number" },
        }),
        "\
export type Shape =
  /** Round. */
  | {
      type: 'circle';
      r: number;
    }
  | {
      type: 'box';
    } & (Size | null);

/** The {@link Shape} of one `type`. */
export type ShapeOf<T extends Shape['type']> = Extract<Shape, { type: T }>;

export type Size = number;
",
    );
}
