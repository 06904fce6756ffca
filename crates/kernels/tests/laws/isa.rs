//! Names of instruction sets.

use synaptoroute_kernels::Isa;

#[test]
fn a_name_leads_to_its_instruction_set_or_to_an_error_that_lists_the_others() {
    for isa in Isa::ALL {
        assert_eq!(isa.name().parse(), Ok(isa));
    }
    let message = "avx9".parse::<Isa>().unwrap_err().to_string();
    assert!(message.contains("avx9") && message.contains("scalar"), "{message}");
}
