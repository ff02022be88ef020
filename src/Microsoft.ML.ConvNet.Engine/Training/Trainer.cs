using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Trains networks by mini-batches: shuffles, steps, validates after each epoch, keeps the best values, stops early or on
/// request, and reports its progress.
/// </summary>
/// <param name="backend">Where to run.</param>
/// <param name="options">The options.</param>
/// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
public sealed partial class Trainer(IBackend backend, TrainerOptions options)
{
    private readonly TrainerOptions _options = Checked(options);

    /// <summary>
    /// Trains a copy of a network. It starts from the network's values if it has any, and otherwise from first values
    /// drawn by the seed.
    /// </summary>
    /// <param name="network">The network; it stays as it is.</param>
    /// <param name="training">The samples to train on.</param>
    /// <param name="validation">The samples to validate on; by default <see cref="TrainerOptions.ValidationFraction"/> of the others.</param>
    /// <param name="cancellation">Ends the training with the best network so far.</param>
    /// <exception cref="ArgumentException">The samples do not fit the network, or there are none.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory for so many samples at once; the message says for how many there is.</exception>
    /// <exception cref="DivergedException">The loss became infinite or not a number.</exception>
    public TrainingResult Fit(Network network, IBatchSource training, IBatchSource? validation = null, CancellationToken cancellation = default)
    {
        CheckFits(network, training, "training");
        if (validation != null)
            CheckFits(network, validation, "validation");
        else if (_options.ValidationFraction > 0)
            (training, validation) = Split(training);

        network = network.Clone();
        if (network.Weights == null)
            network.Initialize(_options.Seed);
        using var run = Compile(network, training, validation);
        return run.Fit(cancellation);
    }

    /// <exception cref="InsufficientMemoryException">There is not enough memory; the message says what would fit.</exception>
    private Run Compile(Network network, IBatchSource training, IBatchSource? validation)
    {
        try
        {
            return new Run(backend, _options, network, training, validation);
        }
        catch (OutOfMemoryException error)
        {
            var fitting = LargestFitting(Math.Min(_options.MicroBatchSize ?? _options.BatchSize, training.Count) - 1);
            throw new InsufficientMemoryException(
                error.Message + (fitting == 0
                    ? " Not even one sample at a time fits."
                    : $" So many samples at a time fit: {fitting}. {nameof(TrainerOptions.MicroBatchSize)} = {fitting} keeps the batch of {_options.BatchSize} and runs it in parts; {nameof(TrainerOptions.BatchSize)} = {fitting} makes the batch smaller."),
                error);
        }

        // By trying: only the device knows what else takes its memory.
        int LargestFitting(int most)
        {
            var (fits, doesNot) = (0, most + 1);
            while (doesNot - fits > 1)
            {
                var middle = fits + ((doesNot - fits) / 2);
                (fits, doesNot) = Fits(middle) ? (middle, doesNot) : (fits, middle);
            }

            return fits;
        }

        bool Fits(int microBatch)
        {
            try
            {
                using var run = new Run(backend, _options with { MicroBatchSize = microBatch }, network, training, validation);
                return true;
            }
            catch (OutOfMemoryException)
            {
                return false;
            }
        }
    }

    private (IBatchSource Training, IBatchSource Validation) Split(IBatchSource source)
    {
        var order = CounterRandom.Permutation(CounterRandom.Key((ulong)_options.Seed, salt: -1, step: 0), source.Count);
        var validation = Math.Max(1, (int)Math.Round(source.Count * (double)_options.ValidationFraction));
        if (validation >= source.Count)
            throw new ArgumentException($"{source.Count} samples are too few to set aside {_options.ValidationFraction:P0} of them for validation.");
        // In the source's order, which may be faster to read.
        return (new Subset(source, [.. order[validation..].Order()]), new Subset(source, [.. order[..validation].Order()]));
    }

    private void CheckFits(Network network, IBatchSource source, string what)
    {
        if (source.Count == 0)
            throw new ArgumentException($"There are no {what} samples.");
        var input = network.RequireSingleInput();
        if (source.InputShape != input.Shape)
            throw new ArgumentException($"The network's input '{input.Name}' is {input.Shape}; the {what} samples are {source.InputShape}.");
        var target = _options.Loss.TargetShape(network.Output);
        if (source.TargetShape != target)
            throw new ArgumentException($"The loss on '{network.Output.Name}' takes targets of {target}; those of the {what} samples are {source.TargetShape}.");
    }

    private static TrainerOptions Checked(TrainerOptions options)
    {
        options.Check();
        return options;
    }
}
