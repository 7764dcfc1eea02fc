//! Rules in brief, for reading: one line each, in about the order and the words of nft(8). Only tests read them:
//! those of the programs that have a table, which is why this is public.

use nftables::schema::Nftables;
use serde_json::Value;

/// Each rule that is added, as `chain: statements`.
pub fn brief(ruleset: &Nftables<'_>) -> Vec<String> {
    let json = serde_json::to_value(ruleset).expect("plain data");
    let commands = json["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    commands.iter().filter_map(|command| command["add"].get("rule")).map(rule).collect()
}

fn rule(rule: &Value) -> String {
    let statements = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words: Vec<_> = statements.iter().map(statement).collect();
    format!("{}: {}", word(&rule["chain"]), words.join(" "))
}

fn statement(statement: &Value) -> String {
    let Some((name, value)) = statement.as_object().and_then(|fields| fields.iter().next()) else {
        return word(statement);
    };
    match name.as_str() {
        "match" => {
            let op = if value["op"] == "!=" { "not " } else { "" };
            format!("{} {op}{}", subject(&value["left"]), word(&value["right"]))
        }
        "mangle" => format!("{} set {}", subject(&value["key"]), subject(&value["value"])),
        "snat" | "dnat" => match &value["port"] {
            Value::Null => format!("{name} {}", word(&value["addr"])),
            port => format!("{name} {}:{port}", word(&value["addr"])),
        },
        _ => name.clone(),
    }
}

/// What is looked at.
fn subject(value: &Value) -> String {
    let of = |kind: &str, field: &str| value[kind][field].as_str();
    if let Some(key) = of("meta", "key").or(of("ct", "key")) {
        return key.to_owned();
    }
    if let Some(key) = of("rt", "key") {
        return format!("rt {key}");
    }
    if let (Some(protocol), Some(field)) = (of("payload", "protocol"), of("payload", "field")) {
        return format!("{protocol} {field}");
    }
    match (of("tcp option", "name"), of("tcp option", "field"), of("fib", "result")) {
        (Some(name), Some(field), _) => format!("tcp option {name} {field}"),
        (_, _, Some(result)) => format!("fib {result}"),
        _ => value.to_string(),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(","),
        Value::Object(fields) => match (fields.get("prefix"), fields.get("set")) {
            (Some(prefix), _) => format!("{}/{}", word(&prefix["addr"]), prefix["len"]),
            (_, Some(set)) => format!("{{{}}}", word(set)),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
