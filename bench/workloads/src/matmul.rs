//! Matrix product: multiplications and regular loads in three nested loops.

use core::hint::black_box;

use crate::{
    Workload,
    mix::{Random, fold},
};

/// Rows and columns.
const SIZE: usize = 48;

type Matrix = [[u32; SIZE]; SIZE];

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "matmul",
    summary: "Multiplies 48 x 48 matrices of 32-bit integers, n times in a chain.",
    run,
    n: 600,
    small_n: 1,
    small_checksum: 0x03e5_71be,
};

/// Multiplies a matrix `n` times by the same factor.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut factor = [[0; SIZE]; SIZE];
    let mut product = [[0; SIZE]; SIZE];
    for matrix in [&mut factor, &mut product] {
        for element in matrix.as_flattened_mut() {
            *element = random.next();
        }
    }
    for _ in 0..n {
        product = multiply(black_box(&product), &factor);
    }
    product.as_flattened().iter().fold(0, |sum, element| fold(sum, *element))
}

/// The product, modulo 2^32, row times column as in the definition.
fn multiply(left: &Matrix, right: &Matrix) -> Matrix {
    let mut product = [[0u32; SIZE]; SIZE];
    for (row, out) in left.iter().zip(&mut product) {
        for (column, element) in out.iter_mut().enumerate() {
            for (k, factor) in row.iter().enumerate() {
                *element = element.wrapping_add(factor.wrapping_mul(right[k][column]));
            }
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies() {
        let mut identity = [[0; SIZE]; SIZE];
        let mut shift = [[0; SIZE]; SIZE];
        for k in 0..SIZE {
            identity[k][k] = 1;
            shift[k][(k + 1) % SIZE] = 3;
        }
        assert_eq!(multiply(&identity, &shift), shift);
        assert_eq!(multiply(&shift, &shift)[SIZE - 1][1], 9);
    }
}
