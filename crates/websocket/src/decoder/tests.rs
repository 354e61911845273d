use super::*;
use crate::encode::{self, Head};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn decoder(deflate: bool) -> Decoder {
    Decoder::new(Role::Server, Limits { message_bytes: 1000, fragments: 4 }, deflate)
}

/// Decodes `bytes` in one read; messages as their `Debug` text, with the error at the end.
fn run(decoder: &mut Decoder, bytes: &[u8]) -> Vec<String> {
    let mut seen = Vec::new();
    let outcome = decoder.decode(&mut bytes.to_vec(), &mut |message| {
        seen.push(format!("{message:?}"));
        ControlFlow::Continue(())
    });
    seen.extend(outcome.err().map(|error| format!("{error:?} {}", error.close_code())));
    seen
}

/// What a server with deflate off makes of `bytes`.
#[track_caller]
fn check(bytes: &[u8], expect: &[&str]) {
    assert_eq!(run(&mut decoder(false), bytes), expect);
}

fn client(fin: bool, compressed: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::frame(Head { fin, compressed, opcode, mask: Some(KEY) }, payload, &mut out);
    out
}

fn whole(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    client(true, false, opcode, payload)
}

#[test]
fn an_idle_connection_costs_a_few_dozen_bytes() {
    assert!(size_of::<Decoder>() <= 80, "{}", size_of::<Decoder>());
    assert_eq!(decoder(true).buffered_bytes(), 0);
}

#[test]
fn examples_of_rfc_6455_section_5_7() {
    check(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], &["Text(\"Hello\")"]);
    check(
        &[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
        &["Pong([72, 101, 108, 108, 111])"],
    );
    let mut client = Decoder::new(Role::Client, Limits::default(), false);
    assert_eq!(run(&mut client, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), ["Text(\"Hello\")"]);
    assert_eq!(
        run(&mut client, &[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]),
        ["Text(\"Hello\")"]
    );
    assert_eq!(
        run(&mut client, &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]),
        ["Ping([72, 101, 108, 108, 111])"]
    );
    let mut long = vec![0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0];
    long.resize(10 + 65536, 7);
    assert_eq!(run(&mut client, &long), [format!("Binary({:?})", vec![7; 65536])]);
}

#[test]
fn a_complete_frame_is_handed_out_from_the_read_buffer_itself() {
    let mut input = [whole(Opcode::Text, b"one"), client(true, false, Opcode::Binary, b"two")].concat();
    let range = input.as_ptr_range();
    let mut inside = Vec::new();
    let outcome = decoder(false).decode(&mut input, &mut |message| {
        let start = match message {
            Message::Text(text) => text.as_ptr(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.as_ptr(),
            Message::Close(_) => std::ptr::null(),
        };
        inside.push(range.contains(&start));
        ControlFlow::Continue(())
    });
    assert_eq!((outcome, inside), (Ok(()), vec![true, true]));
}

#[test]
fn the_mask_is_required_of_clients_and_forbidden_to_servers() {
    check(&[0x81, 0x00], &["UnmaskedClientFrame 1002"]);
    let mut client = Decoder::new(Role::Client, Limits::default(), false);
    assert_eq!(run(&mut client, &whole(Opcode::Text, b"x")), ["MaskedServerFrame 1002"]);
}

#[test]
fn reserved_bits_and_opcodes_are_refused_at_the_first_byte() {
    for first in [0xc1, 0xa1, 0x91, 0xf1] {
        check(&[first], &["ReservedBits 1002"]);
    }
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        check(&[0x80 | opcode], &["BadOpcode 1002"]);
    }
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_message_where_deflate_was_agreed_on() {
    let first = client(false, true, Opcode::Text, &[0xf2, 0x48, 0xcd]);
    let last = client(true, false, Opcode::Continuation, &[0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(run(&mut decoder(true), &[first.clone(), last].concat()), ["Text(\"Hello\")"]);
    assert_eq!(run(&mut decoder(false), &first), ["ReservedBits 1002"]);
    let marked = client(true, true, Opcode::Continuation, &[0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(run(&mut decoder(true), &[first, marked].concat()), ["ReservedBits 1002"]);
    assert_eq!(run(&mut decoder(true), &client(true, true, Opcode::Ping, b"")), ["ReservedBits 1002"]);
    assert_eq!(run(&mut decoder(true), &whole(Opcode::Text, b"plain")), ["Text(\"plain\")"]);
}

#[test]
fn control_frames_are_whole_and_short() {
    check(&whole(Opcode::Ping, &[b'a'; 125]), &[&format!("Ping({:?})", [b'a'; 125])]);
    check(&[0x89, 0x80 | 126], &["ControlTooLong 1002"]);
    check(&[0x88, 0x80 | 127], &["ControlTooLong 1002"]);
    for first in [0x08, 0x09, 0x0a] {
        check(&[first], &["FragmentedControl 1002"]);
    }
}

#[test]
fn lengths_take_the_fewest_bytes() {
    check(&[0x82, 0x80 | 126, 0, 125], &["BadLength 1002"]);
    check(&[0x82, 0x80 | 126, 0, 126], &[]);
    check(&[0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], &["BadLength 1002"]);
    check(&[0x82, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0], &["TooBig 1009"]);
    check(&[0x82, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], &["BadLength 1002"]);
    check(&[0x82, 0x80 | 127, 0x7f, 255, 255, 255, 255, 255, 255, 255], &["TooBig 1009"]);
}

#[test]
fn fragments_of_two_messages_do_not_mix() {
    check(&whole(Opcode::Continuation, b"x"), &["UnexpectedContinuation 1002"]);
    for opcode in [Opcode::Text, Opcode::Binary] {
        let bytes = [client(false, false, Opcode::Text, b"x"), whole(opcode, b"y")].concat();
        check(&bytes, &["InterruptedMessage 1002"]);
    }
    let after = [whole(Opcode::Text, b"x"), whole(Opcode::Continuation, b"y")].concat();
    check(&after, &["Text(\"x\")", "UnexpectedContinuation 1002"]);
}

#[test]
fn control_frames_come_out_between_the_fragments_they_came_between() {
    let bytes = [
        client(false, false, Opcode::Text, b"a"),
        whole(Opcode::Ping, b""),
        client(false, false, Opcode::Continuation, b""),
        whole(Opcode::Pong, b""),
        client(true, false, Opcode::Continuation, b"b"),
    ];
    check(&bytes.concat(), &["Ping([])", "Pong([])", "Text(\"ab\")"]);
}

#[test]
fn after_a_close_nothing_is_decoded() {
    let mut decoder = decoder(false);
    let close = whole(Opcode::Close, b"\x03\xe8bye");
    let expect = ["Close(Some(CloseFrame { code: 1000, reason: \"bye\" }))"];
    assert_eq!(run(&mut decoder, &[close, whole(Opcode::Text, b"x"), vec![0xff]].concat()), expect);
    assert!(decoder.finished());
    assert!(run(&mut decoder, &whole(Opcode::Text, b"x")).is_empty());
    // Also when it stands inside a message, whose memory is then free.
    let mut decoder = self::decoder(false);
    let inside = [client(false, false, Opcode::Text, b"a"), whole(Opcode::Close, b"")].concat();
    assert_eq!(run(&mut decoder, &inside), ["Close(None)"]);
    assert_eq!(decoder.buffered_bytes(), 0);
}

#[test]
fn close_frames_with_a_bad_payload_are_refused() {
    check(&whole(Opcode::Close, b"\x03"), &["BadClosePayload 1002"]);
    check(&whole(Opcode::Close, b"\x03\xee"), &["BadCloseCode 1002"]);
    check(&whole(Opcode::Close, b"\x03\xe8\xed\xa0\x80"), &["InvalidUtf8 1007"]);
}

#[test]
fn break_and_errors_end_decoding() {
    let two = [whole(Opcode::Text, b"1"), whole(Opcode::Text, b"2")].concat();
    let mut decoder = decoder(false);
    let mut count = 0;
    let outcome = decoder.decode(&mut two.clone(), &mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    assert_eq!((outcome, count, decoder.finished()), (Ok(()), 1, true));
    let mut decoder = self::decoder(false);
    assert_eq!(run(&mut decoder, &[0xff]), ["ReservedBits 1002"]);
    assert!(decoder.finished());
    assert!(run(&mut decoder, &two).is_empty());
}

/// Autobahn 6.4: as soon as no further byte could make the text valid, not when the message or even the frame ends.
#[test]
fn invalid_text_fails_before_its_message_or_frame_is_complete() {
    let greek = "κόσμε".as_bytes();
    let bad = [greek, b"\xf4\x90"].concat();
    check(&client(false, false, Opcode::Text, &bad), &["InvalidUtf8 1007"]);
    let fragments =
        [client(false, false, Opcode::Text, greek), client(false, false, Opcode::Continuation, b"\xf4\x90")];
    check(&fragments.concat(), &["InvalidUtf8 1007"]);
    let mut cut_inside_the_frame = whole(Opcode::Text, &[&bad[..], b"\x80\x80edited"].concat());
    cut_inside_the_frame.truncate(6 + bad.len());
    check(&cut_inside_the_frame, &["InvalidUtf8 1007"]);
    // The byte before could still have become a character.
    cut_inside_the_frame.pop();
    check(&cut_inside_the_frame, &[]);
}

#[test]
fn text_that_ends_inside_a_character_is_invalid() {
    check(&whole(Opcode::Text, b"\xe2\x82"), &["InvalidUtf8 1007"]);
    let fragments =
        [client(false, false, Opcode::Text, b"\xe2"), client(true, false, Opcode::Continuation, b"\x82")];
    check(&fragments.concat(), &["InvalidUtf8 1007"]);
    let cut =
        [client(false, false, Opcode::Text, b"\xe2"), client(true, false, Opcode::Continuation, b"\x82\xac")];
    check(&cut.concat(), &["Text(\"€\")"]);
    check(&whole(Opcode::Binary, b"\xe2\x82"), &["Binary([226, 130])"]);
}

#[test]
fn compressed_text_is_checked_after_inflating() {
    let mut deflated = Vec::new();
    deflate::compress(b"ok \xff", &mut deflated);
    assert_eq!(run(&mut decoder(true), &client(true, true, Opcode::Text, &deflated)), ["InvalidUtf8 1007"]);
    assert_eq!(
        run(&mut decoder(true), &client(true, true, Opcode::Binary, &deflated)),
        ["Binary([111, 107, 32, 255])"]
    );
    assert_eq!(run(&mut decoder(true), &client(true, true, Opcode::Text, b"\xff\xff")), ["BadDeflate 1007"]);
}

#[test]
fn a_sink_may_decode_another_connection() {
    let mut deflated = Vec::new();
    deflate::compress(b"outer", &mut deflated);
    let frame = client(true, true, Opcode::Text, &deflated);
    let mut seen = Vec::new();
    let outcome = decoder(true).decode(&mut frame.clone(), &mut |message| {
        seen.extend(run(&mut decoder(true), &frame));
        seen.push(format!("{message:?}"));
        ControlFlow::Continue(())
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(seen, ["Text(\"outer\")", "Text(\"outer\")"]);
}
