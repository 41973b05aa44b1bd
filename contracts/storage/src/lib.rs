//! A tour of what can be stored.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// One place of each kind.
#[contract]
pub struct Tour {
    number: Value<i64>,
    flag: Value<bool>,
    text: StorageString,
    point: Value<Point>,
    colour: Value<Colour>,
    shape: Value<Option<Shape>>,
    list: StorageVec<u64>,
    by_name: Map<String, U256>,
    by_pair: Map<(u32, Address), Map<FixedBytes<32>, u8>>,
    people: Map<Address, Person>,
}

/// A structure, stored whole.
#[derive(Stored, Abi, Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Upwards.
    pub y: i32,
}

/// An enum without fields.
#[derive(Stored, Abi, Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// The first, which a place has that was never set.
    Red,
    /// The second.
    Green,
}

/// An enum with fields.
#[derive(Stored, Clone, Debug, PartialEq)]
pub enum Shape {
    /// By its radius.
    Circle(u32),
    /// By its corners.
    Polygon {
        /// The corners.
        corners: Vec<Point>,
    },
}

/// A group of places, each with a key of its own.
#[storage]
pub struct Person {
    name: StorageString,
    visits: Value<u32>,
    friends: StorageVec<Address>,
}

#[contract]
impl Tour {
    /// Sets the plain values.
    pub fn set(&mut self, number: i64, flag: bool, text: String, point: Point, colour: Colour) {
        self.number.set(number);
        self.flag.set(flag);
        self.text.set(text);
        self.point.set(point);
        self.colour.set(colour);
    }

    /// The plain values.
    pub fn get(&self) -> (i64, bool, String, Point, Colour) {
        let (number, flag, text) = (self.number.get(), self.flag.get(), self.text.get());
        (number, flag, text, self.point.get(), self.colour.get())
    }

    /// Stores a polygon.
    pub fn draw(&mut self, corners: Vec<Point>) {
        self.shape.set(Some(Shape::Polygon { corners }));
    }

    /// How many corners the polygon has.
    pub fn corners(&self) -> u32 {
        match self.shape.get() {
            None | Some(Shape::Circle(_)) => 0,
            Some(Shape::Polygon { corners }) => corners.len() as u32,
        }
    }

    /// Appends to the list.
    pub fn push(&mut self, item: u64) {
        self.list.push(item);
    }

    /// Removes from the list, where the last item takes the place.
    pub fn remove(&mut self, index: u32) -> u64 {
        self.list.swap_remove(index)
    }

    /// The list.
    pub fn list(&self) -> Vec<u64> {
        self.list.iter().collect()
    }

    /// Adds to what is stored under a name.
    pub fn add(&mut self, name: String, amount: U256) -> U256 {
        self.by_name[&name] += amount;
        self.by_name.get(&name)
    }

    /// Stores under three keys.
    pub fn mark(&mut self, number: u32, account: Address, hash: FixedBytes<32>, mark: u8) {
        self.by_pair[(number, account)][hash].set(mark);
    }

    /// The value that is stored under three keys.
    pub fn marked(&self, number: u32, account: Address, hash: FixedBytes<32>) -> u8 {
        self.by_pair[(number, account)][hash].get()
    }

    /// A person comes by with a friend.
    pub fn visit(&mut self, name: String, friend: Address) -> u32 {
        let person = &mut self.people[env::caller()];
        person.name.set(name);
        person.visits += 1;
        person.friends.push(friend);
        person.visits.get()
    }

    /// Who a person is, and who its friends are.
    pub fn person(&self, account: Address) -> (String, Vec<Address>) {
        let person = self.people.at(account);
        (person.name.get(), person.friends.iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn what_was_stored_is_read() {
        let alice = testing::user("alice");
        testing::act_as(alice);
        let tour = TourClient::new(testing::deploy::<Tour>(&()).unwrap());
        let never = (0, false, String::new(), Point::default(), Colour::Red);
        assert_eq!(tour.get(), never);
        let point = Point { x: -3, y: 4 };
        tour.set(-5, true, "tapped".into(), point, Colour::Green);
        assert_eq!(tour.get(), (-5, true, "tapped".into(), point, Colour::Green));
        assert_eq!(tour.corners(), 0);
        tour.draw(vec![point; 20]);
        assert_eq!(tour.corners(), 20);
        (10..14).for_each(|item| tour.push(item));
        assert_eq!(tour.remove(1), 11);
        assert_eq!(tour.list(), [10, 13, 12]);
        assert!(tour.try_remove(3).is_err());
        assert_eq!(tour.add("slag".into(), U256::from(2u64)), U256::from(2u64));
        assert_eq!(tour.add("slag".into(), U256::from(3u64)), U256::from(5u64));
        assert_eq!(tour.add("lime".into(), U256::from(1u64)), U256::from(1u64));
        let hash = FixedBytes([7; 32]);
        tour.mark(1, alice, hash, 9);
        assert_eq!((tour.marked(1, alice, hash), tour.marked(2, alice, hash)), (9, 0));
        assert_eq!(tour.visit("Alice".into(), Address::ZERO), 1);
        assert_eq!(tour.visit("Alice".into(), alice), 2);
        assert_eq!(tour.person(alice), ("Alice".into(), vec![Address::ZERO, alice]));
    }

    #[test]
    fn what_is_set_to_zero_leaves_nothing() {
        testing::act_as(testing::user("alice"));
        let address = testing::deploy::<Tour>(&()).unwrap();
        let tour = TourClient::new(address);
        tour.set(1, true, "x".into(), Point { x: 1, y: 1 }, Colour::Green);
        assert_eq!(testing::storage(address).len(), 5);
        tour.set(0, false, String::new(), Point::default(), Colour::Red);
        assert_eq!(testing::storage(address), []);
    }
}
