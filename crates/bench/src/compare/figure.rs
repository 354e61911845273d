//! One line of the table: two medians, the ratio between them, and the bar it must not exceed.

use serde::Serialize;

use crate::session::Measured;

/// What a bar is about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Bar {
    /// The ratio to the floor.
    Ratio(f64),
    /// The figure itself.
    Value(f64),
}

/// One measured quantity. Smaller is better.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Its unit.
    pub unit: &'static str,
    /// The server's median.
    pub server: f64,
    /// The floor's median.
    pub floor: Option<f64>,
    /// Median of the ratios of neighbouring slices.
    pub ratio: Option<f64>,
    /// The smallest and the largest of those ratios.
    pub ratios: Option<(f64, f64)>,
    /// What must not be exceeded.
    pub bar: Option<Bar>,
    /// The peer's median.
    pub fastapi: Option<f64>,
    /// In how many slices each was measured.
    pub slices: usize,
}

impl Figure {
    /// A figure without yardstick.
    #[must_use]
    pub fn alone(what: impl Into<String>, unit: &'static str, values: &[f64]) -> Self {
        Self {
            what: what.into(),
            unit,
            server: median(values),
            floor: None,
            ratio: None,
            ratios: None,
            bar: None,
            fastapi: None,
            slices: values.len(),
        }
    }

    /// A figure with the floor's values from the slices beside its own.
    #[must_use]
    pub fn against(what: impl Into<String>, unit: &'static str, server: &[f64], floor: &[f64]) -> Self {
        let ratios: Vec<f64> = server
            .iter()
            .zip(floor)
            .filter(|(_, floor)| **floor > 0.0)
            .map(|(server, floor)| server / floor)
            .collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        Self {
            floor: Some(median(floor)),
            ratio: Some(median(&ratios)),
            ratios: Some((least, most)),
            ..Self::alone(what, unit, server)
        }
    }

    /// With a bar.
    #[must_use]
    pub fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    /// With the peer's values, if it took part.
    #[must_use]
    pub fn fastapi(self, values: Option<Vec<f64>>) -> Self {
        Self { fastapi: values.map(|values| median(&values)), ..self }
    }

    /// Whether it keeps its bar; `None` without one.
    #[must_use]
    pub fn kept(&self) -> Option<bool> {
        Some(match self.bar? {
            Bar::Ratio(bar) => self.ratio? <= bar,
            Bar::Value(bar) => self.server <= bar,
        })
    }
}

/// One quantity of every slice.
pub(super) fn each(slices: &[Measured], quantity: impl Fn(&Measured) -> f64) -> Vec<f64> {
    slices.iter().map(quantity).collect()
}

/// The middle value; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_neighbours() {
        // The machine slowed down by half in the middle: neighbours still agree.
        let figure = Figure::against("x", "us", &[1.1, 1.1, 2.2, 2.2], &[1.0, 1.0, 2.0, 2.0]);
        assert!((figure.ratio.unwrap() - 1.1).abs() < 1e-9);
        assert_eq!(figure.kept(), None);
        assert_eq!(figure.clone().bar(Bar::Ratio(1.05)).kept(), Some(false));
        assert_eq!(figure.bar(Bar::Value(1.7)).kept(), Some(true));
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    }
}
