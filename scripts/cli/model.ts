import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { bytes32, onNetwork, routeOption, wholeNumber } from "./command.ts";

const OUTPUTS = { opaque: 0, value: 1, keccak256: 2 } as const;

function output(text: string): 0 | 1 | 2 {
  const found = OUTPUTS[text.toLowerCase() as keyof typeof OUTPUTS];
  if (found === undefined) throw new InvalidArgumentError("It has to be opaque, value or keccak256.");
  return found;
}

/** The commands of a model's owner: `opg model …`. */
export function registerModelCommands(program: Command): void {
  const model = program.command("model").description("register models, and the routes by which they are proven");

  onNetwork<{ contentHash?: string; file?: string; metadata: string }>(
    model
      .command("register")
      .description("register a model under the account")
      .option("--content-hash <hash>", "what identifies the model's content", bytes32)
      .option("--file <path>", "or a file (such as its weights), whose Keccak-256 is the content hash")
      .option("--metadata <uri>", "where to read about it", ""),
    "model register --file circuits/digits.weights.json",
    async (context, { contentHash, file, metadata }) => {
      const [{ keccak256 }, { readInputFile }, { InputError }] = await Promise.all([
        import("ethers"),
        import("./files.ts"),
        import("./InputError.ts"),
      ]);
      const hash = contentHash ?? (file === undefined ? undefined : keccak256(readInputFile(file)));
      if (hash === undefined) throw new InputError("say what the model is by --content-hash or --file");
      const modelId = await (await context.models()).register(hash, metadata);
      return { json: { modelId, contentHash: hash }, text: `registered model ${modelId}` };
    },
  );

  onNetwork(
    model
      .command("key")
      .description("register a Groth16 verifying key: snarkjs's verification_key.json, or one with its ceremony")
      .argument("<file>", "the key's JSON file; without a ceremony it is a development key"),
    "model key circuits/digits.key.json",
    async (context, _, [file = ""]) => {
      const [{ readJsonFile, understood }, { keyBytes, keyIdOf, UNDECLARED }, { addressOf }, { TypedContract }, abis] =
        await Promise.all([
          import("./files.ts"),
          import("../../circuits/src/key.ts"),
          import("../../sdk/src/deployment.ts"),
          import("../../sdk/src/chain/TypedContract.ts"),
          import("../../sdk/src/generated/abis.ts"),
        ]);
      const json = readJsonFile(file) as Partial<{ vkey: unknown; ceremony: typeof UNDECLARED }> | null;
      const ceremony = json?.ceremony ?? UNDECLARED;
      const key = understood(file, () => keyBytes(json?.vkey ?? json, ceremony));
      const signer = await context.signer();
      const verifier = addressOf(context.deployment, "Groth16Verifier");
      await new TypedContract(verifier, abis.groth16VerifierAbi, signer).write("registerKey", key);
      const keyId = keyIdOf(key);
      const kind = ceremony.development ? "development key" : "key";
      return { json: { keyId, development: ceremony.development }, text: `registered ${kind} ${keyId}` };
    },
  );

  onNetwork<{
    route: 0 | 1;
    verifier?: number;
    output: 0 | 1 | 2;
    parameters?: string;
    key?: string;
    weightsCommitment?: string;
    units: number;
  }>(
    model
      .command("route")
      .description("set the next version of a model's route; binds later requests only")
      .argument("<model>", "the model", bytes32)
      .addOption(routeOption())
      .option("--verifier <number>", "its number in the verifier registry; the Groth16 verifier if absent", wholeNumber)
      .option("--output <commitment>", "how outputHash commits to the output: opaque, value or keccak256", output, 1)
      .option("--key <id>", "for Groth16: the verifying key", bytes32)
      .option("--weights-commitment <hash>", "for Groth16: the circuit's commitment to the weights", bytes32)
      .option("--units <number>", "for Groth16: what one inference meters", wholeNumber, 1)
      .option("--parameters <hex>", "the parameters in the verifier's own format, instead of the three above"),
    `model route 0x${"ab".repeat(32)} --key 0x${"cd".repeat(32)} --weights-commitment 0x${"01".repeat(32)}`,
    async (context, options, [modelId = ""]) => {
      const [{ isHexString }, { encodeZkParameters }, { addressOf }, { InputError }] = await Promise.all([
        import("ethers"),
        import("../../circuits/src/key.ts"),
        import("../../sdk/src/deployment.ts"),
        import("./InputError.ts"),
      ]);
      const models = await context.models();
      let { parameters } = options;
      if (parameters === undefined) {
        const { key, weightsCommitment, units } = options;
        if (key === undefined || weightsCommitment === undefined) {
          throw new InputError("say the parameters by --key and --weights-commitment, or by --parameters");
        }
        parameters = encodeZkParameters({
          keyId: key as `0x${string}`,
          weightsCommitment: weightsCommitment as `0x${string}`,
          units: BigInt(units),
        });
      } else if (!isHexString(parameters)) {
        throw new InputError("--parameters is not 0x-hex");
      }
      const verifierId =
        options.verifier ?? (await models.verifierIdOf(addressOf(context.deployment, "Groth16Verifier")));
      const version = await models.setRoute(modelId, {
        route: options.route,
        verifierId,
        outputCommitment: options.output,
        parameters,
      });
      return {
        json: { modelId, route: options.route, version, verifierId, parameters },
        text: `model ${modelId} has version ${version} of its ${options.route === 0 ? "ZK" : "TEE"} route, by verifier ${verifierId}`,
      };
    },
  );

  onNetwork(
    model
      .command("digits")
      .description("register this repository's digit classifier: its key, the model and its ZK route"),
    "model digits",
    async (context) => {
      const [{ keccak256 }, { readInputFile }, digits, { encodeZkParameters }, { DIGIT_UNITS }, abis] =
        await Promise.all([
          import("ethers"),
          import("./files.ts"),
          import("../../circuits/src/digits.ts"),
          import("../../circuits/src/key.ts"),
          import("../models/digits.ts"),
          import("../../sdk/src/generated/abis.ts"),
        ]);
      const [{ addressOf }, { TypedContract }, { OutputCommitment, Route }] = await Promise.all([
        import("../../sdk/src/deployment.ts"),
        import("../../sdk/src/chain/TypedContract.ts"),
        import("../../sdk/src/types.ts"),
      ]);
      const { keyBytes, keyId, weightsCommitment } = await digits.loadDigitsModel();
      const [signer, models] = await Promise.all([context.signer(), context.models()]);
      const verifier = addressOf(context.deployment, "Groth16Verifier");
      await new TypedContract(verifier, abis.groth16VerifierAbi, signer).write("registerKey", keyBytes);
      const modelId = await models.register(keccak256(readInputFile(digits.WEIGHTS_FILE)));
      const version = await models.setRoute(modelId, {
        route: Route.ZK,
        verifierId: await models.verifierIdOf(verifier),
        outputCommitment: OutputCommitment.VALUE,
        parameters: encodeZkParameters({ keyId, weightsCommitment, units: DIGIT_UNITS }),
      });
      return { json: { modelId, keyId, version }, text: `registered the digit classifier as model ${modelId}` };
    },
  );
}
