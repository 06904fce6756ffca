//! The blocks of a transformer layer, each forwards and backwards.
//!
//! Backwards a block takes the loss's gradient by its outcome, adds to the gradients of its own
//! parameters, and gives the gradient by its input. Matrices are `[tokens][width]`, rows one after
//! the other, tokens of all texts in a row without padding.

pub(crate) mod attention;
pub(crate) mod gelu;
pub(crate) mod linear;
pub(crate) mod norm;

#[cfg(test)]
mod tests;
