use super::*;

#[track_caller]
fn check(encode: impl Fn(&mut Vec<u8>), expect: &[u8]) {
    let mut out = b"before".to_vec();
    encode(&mut out);
    assert_eq!(&out[..6], b"before", "what was there is left alone");
    assert_eq!(&out[6..], expect);
}

#[test]
fn examples_of_rfc_6455_section_5_7() {
    check(|out| text("Hello", out), &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    check(
        |out| masked(Opcode::Text, "Hello", [0x37, 0xfa, 0x21, 0x3d], out),
        &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
    );
    let head = |fin, opcode| Head { fin, compressed: false, opcode, mask: None };
    check(|out| frame(head(false, Opcode::Text), b"Hel", out), &[0x01, 0x03, 0x48, 0x65, 0x6c]);
    check(|out| frame(head(true, Opcode::Continuation), b"lo", out), &[0x80, 0x02, 0x6c, 0x6f]);
    check(|out| ping("Hello", out), &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    check(|out| pong("Hello", out), &[0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
}

#[test]
fn a_length_takes_the_fewest_bytes() {
    let check = |length: usize, head: &[u8]| {
        let payload = vec![b'.'; length];
        check(|out| binary(&payload, out), &[head, &payload].concat());
    };
    check(0, &[0x82, 0]);
    check(125, &[0x82, 125]);
    check(126, &[0x82, 126, 0, 126]);
    check(256, &[0x82, 126, 1, 0]);
    check(0xffff, &[0x82, 126, 0xff, 0xff]);
    check(0x10000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn a_compressed_message_is_marked_with_rsv1() {
    // RFC 7692 section 7.2.3.1.
    let deflated = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    check(|out| compressed(Opcode::Text, &deflated, out), &[&[0xc1, 0x07], &deflated[..]].concat());
}

#[test]
fn a_control_frame_never_exceeds_125_bytes() {
    check(|out| ping([b'x'; 126], out), &[&[0x89, 125], &[b'x'; 125][..]].concat());
    check(|out| pong([b'x'; 126], out), &[&[0x8a, 125], &[b'x'; 125][..]].concat());
    // 122 bytes of "a", then a character of two bytes that no longer fits.
    let reason = format!("{}é", "a".repeat(122));
    check(|out| close(1000, &reason, out), &[&[0x88, 124, 0x03, 0xe8], "a".repeat(122).as_bytes()].concat());
}

#[test]
fn a_close_frame_has_a_code_that_may_be_on_the_wire_or_none() {
    check(|out| close(1000, "", out), &[0x88, 2, 0x03, 0xe8]);
    check(|out| close(4001, "token", out), b"\x88\x07\x0f\xa1token");
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        check(|out| close(code, "never sent", out), &[0x88, 0]);
    }
}

#[test]
fn a_frame_made_in_place_is_the_same_frame() {
    for length in [0, 1, 125, 126, 0xffff, 0x10000] {
        let payload = vec![b'.'; length];
        let mut buffer = [&[0; HEAD_MAX], &payload[..]].concat();
        let start = in_place(Opcode::Text, &mut buffer);
        check(|out| text(&payload, out), &buffer[start..]);
    }
}
