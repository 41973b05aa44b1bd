// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// What the scripts of this folder deploy: storage, events, errors of all kinds, and time.
contract Sample {
    uint256 public value;
    mapping(address => uint256) public counts;

    event Stored(address indexed who, uint256 indexed value, string note);
    error TooLarge(uint256 value, uint256 most);

    constructor(uint256 first) payable {
        value = first;
    }

    function store(uint256 next, string calldata note) external returns (uint256) {
        if (next > 1000) revert TooLarge(next, 1000);
        value = next;
        counts[msg.sender] += 1;
        emit Stored(msg.sender, next, note);
        return next;
    }

    function refuse() external pure {
        revert("refused");
    }

    function overflow(uint8 number) external pure returns (uint8) {
        return number + 255;
    }

    function burn(uint256 rounds) external {
        for (uint256 index = 0; index < rounds; index++) {
            counts[address(uint160(index))] = index + 1;
        }
    }

    function time() external view returns (uint256) {
        return block.timestamp;
    }

    receive() external payable {}
}
