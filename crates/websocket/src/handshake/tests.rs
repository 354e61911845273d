use super::extensions::DEFLATE;
use super::*;

#[test]
fn the_key_of_rfc_6455_section_1_3() {
    assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_key_is_sixteen_bytes_in_base64() {
    let check = |key, expect| assert_eq!(is_valid_key(key), expect, "{key}");
    check("dGhlIHNhbXBsZSBub25jZQ==", true);
    check("AQIDBAUGBwgJCgsMDQ4PEC==", true);
    check("AQIDBAUGBwgJCgsMDQ4PEH==", true); // bits no byte needs
    check("", false);
    check("dGhlIHNhbXBsZSBub25jZQ", false);
    check("dGhlIHNhbXBsZSBub25jZQ= ", false);
    check("dGhlIHNhbXBsZSBub25jZTE=", false); // seventeen
    check("dGhlIHNhbXBsZSBub25jZTEy", false); // eighteen
    check("dGhlIHNhbXBsZSBub2-jZQ==", false); // another alphabet
    check("dGhlIHNhbXBsZSBub25jé==", false);
}

#[test]
fn offers_of_compression() {
    let check = |values: &[&str], expect: Option<&str>| {
        assert_eq!(negotiate_deflate(values.iter().copied()), expect, "{values:?}");
    };
    check(&[], None);
    check(&[""], None);
    check(&["permessage-deflate"], Some(DEFLATE));
    // What browsers send.
    check(&["permessage-deflate; client_max_window_bits"], Some(DEFLATE));
    check(&["permessage-deflate;server_no_context_takeover ;\tclient_no_context_takeover"], Some(DEFLATE));
    check(&["permessage-deflate; client_max_window_bits=8"], Some(DEFLATE));
    check(&["permessage-deflate; client_max_window_bits=\"15\""], Some(DEFLATE));
    // The largest window is what we use, and an accepted parameter is repeated.
    let window = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";
    check(&["permessage-deflate; server_max_window_bits=15"], Some(window));
    check(&["permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits"], Some(window));

    for bad in [
        "server_max_window_bits",
        "server_max_window_bits=14",
        "server_max_window_bits=8",
        "server_max_window_bits=16",
        "server_max_window_bits=015",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=08",
        "client_max_window_bits=",
        "client_max_window_bits=\"15",
        "client_max_window_bits=\"1\\5\"",
        "client_max_window_bits; client_max_window_bits=15",
        "server_no_context_takeover; server_no_context_takeover",
        "server_no_context_takeover=1",
        "client_no_context_takeover=\"\"",
        "unknown",
        "unknown=\"a, permessage-deflate\"",
        "; client_max_window_bits",
    ] {
        let offer = format!("permessage-deflate; {bad}");
        check(&[&offer], None);
        // The next offer may do, in the same header or another.
        check(
            &[&format!("{offer}, permessage-deflate")],
            if bad.contains("\"15") { None } else { Some(DEFLATE) },
        );
        check(&[&offer, "permessage-deflate"], Some(DEFLATE));
    }
    check(&["x-webkit-deflate-frame, mux; a=\"b,c;d\\\"e\", permessage-deflate"], Some(DEFLATE));
    check(&["permessage-deflated", "permessage-deflate=1", "x; permessage-deflate"], None);
}

#[test]
fn a_header_of_any_length_is_read_once() {
    let hostile = ["permessage-deflate; x, ".repeat(50_000), "\"".repeat(500_000), ",".repeat(500_000)];
    assert_eq!(negotiate_deflate(hostile.iter().map(String::as_str)), None);
}

#[test]
fn subprotocols_come_in_the_clients_order() {
    let values = ["tidings.v1, tidings.token.eyJh.b-c_d", "", " ,two words,\"quoted\",\tlast\t"];
    let found: Vec<&str> = protocols(values.into_iter()).collect();
    assert_eq!(found, ["tidings.v1", "tidings.token.eyJh.b-c_d", "last"]);
    assert_eq!(protocols(std::iter::empty()).count(), 0);
}
