// Does with ethers what a program in a browser would do with a contract's interface. Reads one object
// from standard input: `abi`, and `work`, a list of questions; writes the list of answers.

const { Interface } = require(process.argv[2]);

const plain = (value) =>
  typeof value === "bigint" ? value.toString() : Array.isArray(value) ? value.map(plain) : value;
const named = (found) => found && { name: found.name, args: plain(Array.from(found.args)) };

const answers = {
  functions: (contract) =>
    contract.fragments
      .filter((fragment) => fragment.type === "function")
      .map((fragment) => [fragment.format("sighash"), fragment.selector]),
  deploy: (contract, args) => contract.encodeDeploy(args),
  call: (contract, [name, args]) => contract.encodeFunctionData(name, args),
  result: (contract, [name, data]) => plain(Array.from(contract.decodeFunctionResult(name, data))),
  event: (contract, [topics, data]) => named(contract.parseLog({ topics, data })),
  error: (contract, data) => named(contract.parseError(data)),
};

const { abi, work } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const contract = new Interface(abi);
const said = work.map(([what, about]) => answers[what](contract, about));
process.stdout.write(JSON.stringify(said));
