//! A dense list whose members keep their place, so that one can be taken out without searching and all walked quickly.

pub(crate) struct Slots<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Puts a value in; the place is its own until it is removed.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = Some(value);
                place
            }
            None => {
                self.slots.push(Some(value));
                (self.slots.len() - 1) as u32
            }
        }
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let value = self.slots.get_mut(place as usize)?.take()?;
        self.free.push(place);
        if self.len() == 0 {
            *self = Self::default();
        }
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn places_stay_and_are_used_again() {
        let mut slots = Slots::default();
        let (a, b, c) = (slots.insert("a"), slots.insert("b"), slots.insert("c"));
        assert_eq!(slots.remove(b), Some("b"));
        assert_eq!(slots.remove(b), None);
        assert_eq!(slots.insert("d"), b);
        assert_eq!(slots.iter().collect::<Vec<_>>(), [&"a", &"d", &"c"]);
        for place in [a, b, c] {
            slots.remove(place);
        }
        assert_eq!((slots.len(), slots.slots.capacity()), (0, 0), "memory goes with the last");
    }
}
