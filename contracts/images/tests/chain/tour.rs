//! Each kind of storage.

use bessemer_types::{Address, FixedBytes, decode};

use crate::on_both;

#[test]
fn plain_values_are_kept_and_zero_removes_them() {
    on_both(|stage| {
        let (tour, bob) = (stage.deploy("storage", 0, ()), stage.bob);
        let set = "set(int64,bool,string,(int32,int32),uint8)";
        type Values = (i64, bool, String, (i32, i32), u8);
        let get = || {
            let values = stage.ask_all(tour, "get()", ());
            decode::<Values>(&values).unwrap()
        };
        let zero: Values = (0, false, String::new(), (0, 0), 0);
        assert_eq!(get(), zero);
        let some: Values = (-7, true, "slag".repeat(40), (-1, i32::MAX), 1);
        stage.went(bob, tour, set, some.clone());
        assert_eq!(get(), some);
        let keys = |stage: &crate::Stage| stage.chain.borrow().state_digest().unwrap();
        let full = keys(stage);
        stage.went(bob, tour, set, zero.clone());
        assert_eq!(get(), zero);
        assert_ne!(keys(stage), full);
        // a variant that there is not
        let wrong = stage.send(bob, tour, set, (1i64, true, "", (1i32, 1i32), 2u8));
        let said = crate::message(&wrong);
        assert_eq!(said, "an encoded value is outside the range of its type");
        assert_eq!(get(), zero);
    });
}

#[test]
fn structures_and_nested_maps_have_places_of_their_own() {
    on_both(|stage| {
        let (tour, alice, bob) = (stage.deploy("storage", 0, ()), stage.alice, stage.bob);
        assert_eq!(stage.ask::<u32>(tour, "corners()", ()), 0);
        let corners = vec![(0i32, 0i32), (4, 0), (4, -3)];
        stage.went(bob, tour, "draw((int32,int32)[])", (corners,));
        assert_eq!(stage.ask::<u32>(tour, "corners()", ()), 3);
        let (mark, marked) =
            ("mark(uint32,address,bytes32,uint8)", "marked(uint32,address,bytes32)");
        let places = [(1u32, alice, 1u8), (1, bob, 2), (2, alice, 3)];
        for (number, account, value) in places {
            let hash = FixedBytes([value; 32]);
            stage.went(bob, tour, mark, (number, account, hash, value));
        }
        for (number, account, value) in places {
            let hash = FixedBytes([value; 32]);
            assert_eq!(stage.ask::<u8>(tour, marked, (number, account, hash)), value);
            let other = FixedBytes([9; 32]);
            assert_eq!(stage.ask::<u8>(tour, marked, (number, account, other)), 0);
        }
        for (user, name) in [(alice, "Alice"), (bob, "Bob")] {
            assert_eq!(stage.done::<u32>(user, tour, "visit(string,address)", (name, tour)), 1);
            let person = stage.ask_all(tour, "person(address)", (user,));
            let person = decode::<(String, Vec<Address>)>(&person);
            assert_eq!(person, Ok((name.to_owned(), vec![tour])));
        }
    });
}
