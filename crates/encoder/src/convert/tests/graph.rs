//! What is read from the graph itself, or said in its place.

use super::export::{Dialect, Export, floats};
use super::random::{MAX_TOKENS, Weights};

#[test]
fn heads_that_the_graph_does_not_tell_can_be_said() {
    let mut export = Export::new(&Weights::new(1, 384, 12), Dialect::Steps);
    let read = export.convert().unwrap();
    export.rename_operations("Reshape", "Split");
    export.heads = Some(12);
    let said = export.convert().unwrap();
    assert_eq!((read.config.heads, said.config.heads), (12, 12));
    export.heads = Some(6);
    assert_eq!(export.convert().unwrap().config.head_dim(), 64);
}

#[test]
fn an_epsilon_that_is_left_out_is_the_one_onnx_says() {
    let mut export = Export::new(&Weights::new(1, 384, 12), Dialect::Nodes);
    for node in &mut export.graph().node {
        node.attribute.clear();
    }
    assert_eq!(export.convert().unwrap().config.layer_norm_epsilon, 1e-5);
}

#[test]
fn the_longest_input_is_that_of_the_position_table() {
    let mut export = Export::new(&Weights::new(1, 384, 12), Dialect::Steps);
    assert_eq!(export.convert().unwrap().config.max_tokens, MAX_TOKENS);
    let table = floats("embeddings.position_embeddings.weight", &[2, 384], &[0.5; 768]);
    *export.stored("embeddings.position_embeddings.weight") = table;
    let message = export.convert().unwrap_err().to_string();
    assert!(message.contains("longest input 2; supported: 3 to 4096 tokens"), "{message}");
}
