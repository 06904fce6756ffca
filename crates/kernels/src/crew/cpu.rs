//! Which CPU a thread runs on.

/// The CPU's number at this moment, where the system tells.
pub(super) fn current() -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::ffi::c_int;
        // SAFETY: the C library's own declaration.
        unsafe extern "C" {
            fn sched_getcpu() -> c_int;
        }
        // SAFETY: it takes nothing and only returns a number, or -1.
        u32::try_from(unsafe { sched_getcpu() }).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}
