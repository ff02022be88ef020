using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Trains networks by mini-batches: shuffles, steps, validates after each epoch, keeps the best values, stops early or on
/// request, and reports its progress.
/// </summary>
/// <param name="backend">Where to run.</param>
/// <param name="options">The options.</param>
/// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
public sealed class Trainer(IBackend backend, TrainerOptions options)
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

    /// <summary>One training: its plans, and what changes from epoch to epoch.</summary>
    private sealed class Run : IDisposable
    {
        private readonly TrainerOptions _options;
        private readonly Network _network;
        private readonly IBatchSource _training;
        private readonly IBatchSource? _validation;
        private readonly Node _target;
        private readonly bool _countsCorrect;
        private readonly int _batchSize;
        private readonly int _batches;
        private readonly Plan _plan;
        private readonly Evaluator? _evaluator;
        private readonly Batch _batch;
        private readonly float[] _weights;
        private TrainingState _state;

        public Run(IBackend backend, TrainerOptions options, Network network, IBatchSource training, IBatchSource? validation)
        {
            (_options, _network, _training, _validation) = (options, network, training, validation);
            _batchSize = Math.Min(options.BatchSize, training.Count);
            _batches = (training.Count + _batchSize - 1) / _batchSize;
            var partSize = Math.Min(options.MicroBatchSize ?? _batchSize, _batchSize);
            _target = new Node(new InputOp { Shape = options.Loss.TargetShape(network.Output) }, [], "target");
            var correct = options.Loss.Correct(network.Output, _target);
            _countsCorrect = correct != null;
            var computation = Computation.Training(
                options.Loss.Mean(network.Output, _target), options.Optimizer, correct == null ? [] : [correct]);
            computation = new RecomputeActivations(options.RecomputedSegments).Run(computation, partSize) with { AccumulatesGradients = partSize < _batchSize };
            _plan = Plan.Compile(computation, network.Layout, backend, partSize);
            try
            {
                _evaluator = validation == null ? null : new Evaluator(network, options.Loss, backend, partSize);
            }
            catch
            {
                _plan.Dispose();
                throw;
            }

            _batch = new Batch(training, partSize, options.Loss, network.Output);
            _weights = network.RequireWeights().ToArray();
            _state = new TrainingState(0, double.PositiveInfinity, 0, _weights, []);
            Resume();
            _plan.WriteVariables(_weights);
        }

        public TrainingResult Fit(CancellationToken cancellation)
        {
            StopReason? reason;
            while ((reason = ReasonToStop()) == null)
            {
                if (Epoch(_state.Epochs + 1, cancellation) is not { } result)
                {
                    reason = StopReason.Cancelled;
                    break;
                }

                Finish(result);
            }

            var keepBest = KeepsBest && _state.BestEpoch > 0;
            _network.SetWeights(keepBest ? _state.BestWeights : _weights);
            return new TrainingResult(_network, _state.History, keepBest ? _state.BestEpoch : _state.Epochs, reason.Value);
        }

        public void Dispose()
        {
            _plan.Dispose();
            _evaluator?.Dispose();
        }

        /// <summary>Whether the network ends with the values of the best epoch.</summary>
        private bool KeepsBest => _options.KeepBest && _validation != null;

        /// <summary>Whether the values of the best epoch are needed after later ones: a checkpoint may be taken up by a training that ends with them.</summary>
        private bool NeedsBest => KeepsBest || _options.CheckpointPath != null;

        /// <summary>Follows from the finished epochs alone, so that a training that is taken up again stops where it stopped.</summary>
        private StopReason? ReasonToStop()
        {
            if (_options.EarlyStopping is { } stopping && stopping.IsDue(_state.History))
                return StopReason.EarlyStopping;
            return _state.Epochs >= _options.Epochs ? StopReason.Completed : null;
        }

        /// <summary>Trains one epoch; null when it was cancelled on the way.</summary>
        private EpochResult? Epoch(int epoch, CancellationToken cancellation)
        {
            var order = _options.Shuffle
                ? CounterRandom.Permutation(CounterRandom.Key((ulong)_options.Seed, salt: 0, epoch), _training.Count)
                : [.. Enumerable.Range(0, _training.Count)];
            var totals = new LossTotals();
            var clock = Stopwatch.StartNew();
            for (var batch = 0; batch < _batches; batch++)
            {
                if (cancellation.IsCancellationRequested)
                {
                    _plan.ReadVariables(_weights);
                    return null;
                }

                var samples = order.AsSpan(batch * _batchSize, Math.Min(_batchSize, order.Length - (batch * _batchSize)));
                var loss = Step(epoch, batch, samples, totals);
                if (!float.IsFinite(loss))
                    throw Diverged(epoch, batch, loss);
                _options.Progress?.Report(Progress(epoch, batch + 1, totals.Mean, clock.Elapsed, null, endOfEpoch: false));
            }

            _plan.ReadVariables(_weights);
            var elapsed = clock.Elapsed;
            var validation = _evaluator?.Evaluate(_validation!, _weights);
            _options.Progress?.Report(Progress(epoch, _batches, totals.Mean, elapsed, validation, endOfEpoch: true));
            return new EpochResult(epoch, totals.Mean, validation);
        }

        private float Step(int epoch, int batch, ReadOnlySpan<int> samples, LossTotals totals)
        {
            var step = ((long)(epoch - 1) * _batches) + batch;
            var rate = _options.LearningRate * _options.Schedule.Factor(step, _batches, _options.Epochs);
            var state = new RunState((ulong)_options.Seed, step, (float)rate);
            if (_plan.MaxBatch == _batchSize)
            {
                Load(samples);
                _plan.Run(samples.Length, state);
                return totals.Add(_plan, samples.Length, _countsCorrect);
            }

            // Each part draws random numbers of its own.
            var parts = (_batchSize + _plan.MaxBatch - 1) / _plan.MaxBatch;
            var loss = 0f;
            for (var (part, start) = (0, 0); start < samples.Length; part++, start += _plan.MaxBatch)
            {
                var some = samples[start..Math.Min(start + _plan.MaxBatch, samples.Length)];
                var share = (float)some.Length / samples.Length;
                Load(some);
                _plan.RunPart(some.Length, share, state with { Step = (step * parts) + part });
                loss += share * totals.Add(_plan, some.Length, _countsCorrect);
            }

            _plan.ApplyGradients(state);
            return loss;
        }

        private void Load(ReadOnlySpan<int> samples)
        {
            _batch.Load(samples);
            _batch.WriteTo(_plan, _network.Inputs[0], _target);
        }

        /// <summary>Takes note of a finished epoch: history, best values, checkpoint.</summary>
        private void Finish(EpochResult result)
        {
            var best = result.Loss < _state.BestLoss || _state.BestEpoch == 0;
            _state = _state with
            {
                Epochs = result.Epoch,
                BestLoss = best ? result.Loss : _state.BestLoss,
                BestEpoch = best ? result.Epoch : _state.BestEpoch,
                BestWeights = !NeedsBest ? _weights : best ? _weights.ToArray() : _state.BestWeights,
                History = [.. _state.History, result],
            };
            if (_options.CheckpointPath is { } path)
                Checkpoint.Save(path, _network, _options, _state, _weights, ReadMoments());
        }

        private void Resume()
        {
            if (_options.CheckpointPath is not { } path || !File.Exists(path))
                return;
            (_state, var weights, var moments) = Checkpoint.Load(path, _network, _options);
            weights.CopyTo(_weights, 0);
            foreach (var (index, moment) in moments.Index())
                _plan.WriteMoment(index, moment);
        }

        private float[][] ReadMoments()
        {
            var moments = new float[_options.Optimizer.Moments][];
            for (var i = 0; i < moments.Length; i++)
                _plan.ReadMoment(i, moments[i] = new float[_network.Layout.TrainableLength]);
            return moments;
        }

        private TrainingProgress Progress(int epoch, int batch, Evaluation mean, TimeSpan elapsed, Evaluation? validation, bool endOfEpoch)
        {
            var left = elapsed * (((((double)_options.Epochs - epoch) * _batches) + _batches - batch) / batch);
            var samples = Math.Min(_training.Count, (long)batch * _batchSize);
            return new TrainingProgress(
                epoch, _options.Epochs, batch, _batches, mean.Loss, mean.Accuracy, samples / elapsed.TotalSeconds, left, validation, endOfEpoch);
        }

        private DivergedException Diverged(int epoch, int batch, float loss)
            => new($"The loss became {loss} in epoch {epoch}, step {batch + 1} of {_batches}. "
                + $"Try a learning rate below {_options.LearningRate}, inputs scaled to about 0…1, or BatchNorm after the convolutions; also look for NaN in the inputs.");
    }
}

/// <summary>What a training carries from epoch to epoch besides the values of the network.</summary>
/// <param name="Epochs">The finished epochs.</param>
/// <param name="BestLoss">The lowest loss at the end of an epoch.</param>
/// <param name="BestEpoch">The epoch with that loss, 0 before the first.</param>
/// <param name="BestWeights">The values of the network at its end.</param>
/// <param name="History">All finished epochs.</param>
internal sealed record TrainingState(int Epochs, double BestLoss, int BestEpoch, float[] BestWeights, IReadOnlyList<EpochResult> History);
