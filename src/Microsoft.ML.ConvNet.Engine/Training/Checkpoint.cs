using System.Text.Json;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Everything that an interrupted training needs to go on as if it had never stopped: the values of the network, the
/// optimizer's moments, the best values, and the history.
/// </summary>
internal static class Checkpoint
{
    public static void Save(string path, Network network, TrainerOptions options, TrainingState state, float[] weights, float[][] moments)
    {
        var header = new Header
        {
            Fingerprint = Fingerprint(network, options),
            Epochs = state.Epochs,
            BestEpoch = state.BestEpoch,
            BestLoss = state.BestLoss,
            History = state.History,
        };
        AtomicFile.Write(path, stream => SlabFile.Write(stream, header, [weights, state.BestWeights, .. moments]));
    }

    /// <exception cref="ModelFileException">The file is damaged, or of a training with other options or another network.</exception>
    public static (TrainingState State, float[] Weights, float[][] Moments) Load(string path, Network network, TrainerOptions options)
    {
        using var stream = File.OpenRead(path);
        var (header, slab) = SlabFile.Read<Header>(stream, $"The checkpoint '{path}'");
        var (length, trainable) = (network.Layout.Length, network.Layout.TrainableLength);
        var expected = (2 * length) + (options.Optimizer.Moments * trainable);
        if (header.Fingerprint != Fingerprint(network, options) || slab.Length != expected)
            throw new ModelFileException($"The checkpoint '{path}' is of another network or of a training with another seed, batch size or optimizer. Delete it to start anew, or give another CheckpointPath.");
        var state = new TrainingState(header.Epochs, header.BestLoss, header.BestEpoch, slab[length..(2 * length)], header.History);
        var moments = Enumerable.Range(0, options.Optimizer.Moments)
            .Select(m => slab.AsSpan((2 * length) + (m * trainable), trainable).ToArray());
        return (state, slab[..length], [.. moments]);
    }

    // What must be the same for the rest of the training to be the one that was interrupted. The number of epochs may
    // grow, and the learning rate may be changed on the way.
    private static string Fingerprint(Network network, TrainerOptions options)
        => $"{string.Join(";", network.Nodes.Select(n => $"{n} {Attributes(n.Op)}"))}|{options.Optimizer.Name} {Attributes(options.Optimizer)}|{options.BatchSize}|{options.Seed}|{options.Loss}";

    private static string Attributes(Op op) => JsonSerializer.Serialize(op, op.GetType(), SlabFile.Json);

    private sealed record Header
    {
        public required string Fingerprint { get; init; }

        public required int Epochs { get; init; }

        public required int BestEpoch { get; init; }

        public required double BestLoss { get; init; }

        public required IReadOnlyList<EpochResult> History { get; init; }
    }
}
