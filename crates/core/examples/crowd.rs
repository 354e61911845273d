//! Prints what a room of a hundred thousand costs: `cargo run --release -p tidings-core --example crowd -- 100000`.

#[path = "../tests/simulation/crowd.rs"]
mod crowd;
#[path = "../tests/simulation/hall.rs"]
#[allow(dead_code, reason = "not all of it is for this")]
mod hall;

fn main() {
    let people = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    for a_second in [10_000, 50_000] {
        let crowd::Figures { people, time, bytes_each, names_most, leaving, .. } =
            crowd::fill(people, a_second);
        let each = time.as_secs_f64() * 1e6 / f64::from(u32::try_from(people.max(1)).unwrap_or(u32::MAX));
        println!(
            "{people} people into one room, {a_second} a second: {:.2} s of work ({each:.1} us each), {bytes_each} bytes sent for each, \
             at most {names_most} names to one; leaving {:.2} s",
            time.as_secs_f64(),
            leaving.as_secs_f64()
        );
    }
}
