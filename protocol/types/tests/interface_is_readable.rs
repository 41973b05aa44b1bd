//! The JSON of an interface has the form that Solidity's compiler writes.

use bessemer_types::interface::{Field, Item, Mutability, Type, json};
use bessemer_types::{Abi, Address, Fields, U256};
use serde_json::{Value, json as value};

const ITEMS: &[Item] = &[
    Item::Constructor { inputs: &[], mutability: Mutability::Payable },
    Item::Function {
        name: "transfer",
        inputs: &[Field::new("to", Address::TYPE), Field::new("amount", U256::TYPE)],
        outputs: <(bool,)>::FIELDS,
        mutability: Mutability::Nonpayable,
    },
    Item::Event {
        name: "Moved",
        fields: &[
            Field::new("to", Address::TYPE).indexed(),
            Field::new("legs", &Type::Array(&Type::Tuple(&[Field::new("x", &Type::Int(8))]))),
        ],
    },
    Item::Error {
        name: "Refused",
        fields: &[Field::new("sides", &Type::Array(&Type::Enum("Side", &["Buy", "Sell"])))],
    },
    Item::Receive,
];
const LONG: bessemer_types::interface::Text<4096> = json(&[ITEMS, &[]]);
static JSON: [u8; LONG.as_bytes().len()] = LONG.cut();

#[test]
fn the_json_is_soliditys() {
    let read: Value = serde_json::from_slice(&JSON).unwrap();
    let wanted = value!([
        { "type": "constructor", "inputs": [], "stateMutability": "payable" },
        {
            "type": "function",
            "name": "transfer",
            "inputs": [
                { "name": "to", "type": "address" },
                { "name": "amount", "type": "uint256" },
            ],
            "outputs": [{ "name": "", "type": "bool" }],
            "stateMutability": "nonpayable",
        },
        {
            "type": "event",
            "name": "Moved",
            "inputs": [
                { "name": "to", "type": "address", "indexed": true },
                {
                    "name": "legs",
                    "type": "tuple[]",
                    "components": [{ "name": "x", "type": "int8" }],
                    "indexed": false,
                },
            ],
            "anonymous": false,
        },
        {
            "type": "error",
            "name": "Refused",
            "inputs": [{
                "name": "sides",
                "type": "uint8[]",
                "internalType": "enum Side[]",
                "values": ["Buy", "Sell"],
            }],
        },
        { "type": "receive", "stateMutability": "payable" },
    ]);
    assert_eq!(read, wanted);
}
