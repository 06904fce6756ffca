//! Which instruction set runs, chosen once.

use std::fmt;
use std::str::FromStr;

use crate::arch;
use crate::table::Table;

/// Environment variable that forces an instruction set by its name.
pub const ISA_VARIABLE: &str = "SYNAPTOROUTE_ISA";

/// An instruction set with kernels of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// Plain Rust: any machine, and the oracle of the tests.
    Scalar,
    /// AVX2 and FMA; fast with 7-bit activations.
    Avx2,
    /// AVX2, FMA and AVX-VNNI.
    AvxVnni,
    /// AVX-512 F, BW, DQ, VL and VNNI.
    Avx512,
}

impl Isa {
    /// Every instruction set, the fastest first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::AvxVnni, Self::Avx2, Self::Scalar];

    /// The name used in [`ISA_VARIABLE`], logs and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avxvnni",
            Self::Avx512 => "avx512",
        }
    }

    /// Those this machine can run, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.table().is_some())
    }

    /// Activation width it multiplies at full speed.
    #[must_use]
    pub const fn fast_width(self) -> ActivationWidth {
        match self {
            Self::Avx2 => ActivationWidth::Seven,
            Self::Scalar | Self::AvxVnni | Self::Avx512 => ActivationWidth::Eight,
        }
    }

    /// Its kernels, where the CPU has the features.
    pub(crate) fn table(self) -> Option<&'static Table> {
        match self {
            Self::Scalar => arch::scalar::Scalar::new().map(|_| &arch::scalar::TABLE),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => arch::avx2::Avx2::new().map(|_| &arch::avx2::TABLE),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => arch::avxvnni::AvxVnni::new().map(|_| &arch::avxvnni::TABLE),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => arch::avx512::Avx512::new().map(|_| &arch::avx512::TABLE),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::AvxVnni | Self::Avx512 => None,
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    fn from_str(name: &str) -> Result<Self, IsaError> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.name() == name)
            .ok_or_else(|| IsaError::Unknown { name: name.to_owned() })
    }
}

/// Bits of an activation code.
///
/// Vectors made at different widths differ a little (cosine 0.998 and better); at the same
/// width all instruction sets give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActivationWidth {
    /// Codes `0..=127`: what AVX2's byte product takes without saturating.
    Seven,
    /// Codes `0..=255`.
    Eight,
}

impl ActivationWidth {
    /// Number of bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Seven => 7,
            Self::Eight => 8,
        }
    }

    /// Largest code.
    #[must_use]
    pub const fn limit(self) -> u8 {
        u8::MAX >> (8 - self.bits())
    }
}

/// Why an instruction set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsaError {
    /// No instruction set has this name.
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// This CPU lacks the features.
    Unavailable {
        /// What was asked for.
        isa: Isa,
    },
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "no instruction set is called {name:?}")?,
            Self::Unavailable { isa } => write!(f, "this CPU cannot run {isa}")?,
        }
        let names: Vec<_> = Isa::available().map(Isa::name).collect();
        write!(f, "; unset {ISA_VARIABLE} or set it to one of: {}", names.join(", "))
    }
}

impl std::error::Error for IsaError {}
