import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { bytes32, onNetwork, routeOption, wholeNumber } from "./command.ts";
import { registerModelCircuitCommands, unsafeKeyOption } from "./modelCircuit.ts";

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

  onNetwork<{ acceptUnsafeKey?: string }>(
    model
      .command("key")
      .description("register a Groth16 verifying key: snarkjs's verification_key.json, or one with its ceremony")
      .argument("<file>", "the key's JSON file; without a ceremony it is a development key")
      .addOption(unsafeKeyOption()),
    "model key circuits/digits.key.json",
    async (context, { acceptUnsafeKey }, [file = ""]) => {
      const [{ readJsonFile, understood }, { keyBytes, keyIdOf, UNDECLARED }, { keyWeaknesses }, { requireSafeKey }] =
        await Promise.all([
          import("./files.ts"),
          import("../../circuits/src/key.ts"),
          import("../../sdk/src/client/keyWeaknesses.ts"),
          import("../models/publish.ts"),
        ]);
      const json = readJsonFile(file) as Partial<{ vkey: unknown; ceremony: typeof UNDECLARED }> | null;
      const ceremony = json?.ceremony ?? UNDECLARED;
      const key = understood(file, () => keyBytes(json?.vkey ?? json, ceremony));
      const keyId = keyIdOf(key);
      requireSafeKey(context.chainId, keyId, keyWeaknesses(ceremony), acceptUnsafeKey);
      await context.groth16(await context.signer()).write("registerKey", key);
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
    acceptUnsafeKey?: string;
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
      .option("--parameters <hex>", "the parameters in the verifier's own format, instead of the three above")
      .addOption(unsafeKeyOption()),
    `model route 0x${"ab".repeat(32)} --key 0x${"cd".repeat(32)} --weights-commitment 0x${"01".repeat(32)}`,
    async (context, options, [modelId = ""]) => {
      const [{ isHexString }, { encodeZkParameters }, { InputError }, { requireSafeParameters }] = await Promise.all([
        import("ethers"),
        import("../../circuits/src/key.ts"),
        import("./InputError.ts"),
        import("../models/publish.ts"),
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
      const groth16Id = async () => models.verifierIdOf(context.groth16().address);
      const verifierId = options.verifier ?? (await groth16Id());
      if (options.route === 0 && verifierId === (await groth16Id())) {
        await requireSafeParameters(context.chainId, context.groth16(), parameters, options.acceptUnsafeKey);
      }
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

  registerModelCircuitCommands(model);
}
