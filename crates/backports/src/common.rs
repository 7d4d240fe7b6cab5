//! What two texts, or the lines of two files, have in common at their ends.

/// As many bytes, or lines, are compared at once.
const STEP: usize = 64;

/// How many bytes of two texts, or lines of two files, are the same at their start.
pub(crate) fn common_start<T: PartialEq>(one: &[T], other: &[T]) -> usize {
    let steps = one.chunks_exact(STEP).zip(other.chunks_exact(STEP));
    let same = steps.take_while(|(one, other)| are_same(one, other)).count() * STEP;
    let left = one[same..].iter().zip(&other[same..]);
    same + left.take_while(|(one, other)| one == other).count()
}

/// The same at their end.
pub(crate) fn common_end<T: PartialEq>(one: &[T], other: &[T]) -> usize {
    let steps = one.rchunks_exact(STEP).zip(other.rchunks_exact(STEP));
    let same = steps.take_while(|(one, other)| are_same(one, other)).count() * STEP;
    let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
    let left = one.iter().rev().zip(other.iter().rev());
    same + left.take_while(|(one, other)| one == other).count()
}

/// Whether all of them are. To go on after the first that differs lets the processor ask about many at once.
fn are_same<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.iter()
        .zip(other)
        .fold(true, |same, (one, other)| same & (one == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_counted_up_to_the_first_that_differs() {
        for length in [0, 1, STEP - 1, STEP, 3 * STEP + 5] {
            let one: Vec<usize> = (0..length).collect();
            assert_eq!((common_start(&one, &one), common_end(&one, &one)), (length, length));
            for at in [0, length / 2, length.saturating_sub(1)]
                .into_iter()
                .filter(|at| *at < length)
            {
                let mut other = one.clone();
                other[at] = usize::MAX;
                assert_eq!(
                    (common_start(&one, &other), common_end(&one, &other)),
                    (at, length - at - 1)
                );
                assert_eq!(
                    (common_start(&one, &one[..at]), common_end(&one, &one[at..])),
                    (at, length - at)
                );
            }
        }
    }
}
