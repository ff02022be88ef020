using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

public sealed partial class Trainer
{
    /// <summary>One training: its plans, and what changes from epoch to epoch.</summary>
    private sealed class Run : IDisposable
    {
        private readonly TrainerOptions _options;
        private readonly Network _network;
        private readonly IBatchSource _training;
        private readonly IBatchSource? _validation;
        private readonly Node _input;
        private readonly Node _target;
        private readonly int _batchSize;
        private readonly int _batches;
        private readonly IReadOnlyList<Part> _parts;
        private readonly Plan _plan;
        private readonly Evaluator? _evaluator;
        private readonly LossTotals _totals;
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
            var computation = Computation.Training(
                options.Loss.Mean(network.Output, _target), options.Optimizer, correct == null ? [] : [correct]);
            (computation, _input) = Batch.Feed(computation, network.Inputs[0], training, partSize);
            computation = new RecomputeActivations(options.RecomputedSegments).Run(computation, partSize) with { AccumulatesGradients = partSize < _batchSize };
            _plan = Plan.Compile(computation, network.Layout, backend, partSize);
            try
            {
                _totals = new LossTotals(_plan, backend, correct != null);
                _evaluator = validation == null ? null : new Evaluator(network, options.Loss, backend, partSize, validation);
            }
            catch
            {
                _totals?.Dispose();
                _plan.Dispose();
                throw;
            }

            _batch = new Batch(training, partSize, options.Loss, network.Output);
            _parts = [.. Parts()];
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
            _evaluator?.Dispose();
            _totals.Dispose();
            _plan.Dispose();
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
            _totals.Clear();
            var (clock, reported, read) = (Stopwatch.StartNew(), TimeSpan.Zero, 0);
            var arrive = Send(order, _parts[0]);
            foreach (var (index, part) in _parts.Index())
            {
                if (part.Index == 0 && cancellation.IsCancellationRequested)
                {
                    _plan.ReadVariables(_weights);
                    return null;
                }

                arrive();
                RunPlan(epoch, part);

                _totals.Add(part.Count);

                // While a device computes, the next samples are read and travel there.
                if (index + 1 < _parts.Count)
                    arrive = Send(order, _parts[index + 1]);
                var isDue = _options.Progress != null && part.EndsBatch && clock.Elapsed - reported >= _options.ProgressInterval;
                if (isDue || _totals.IsFull || index + 1 == _parts.Count)
                    read = ReadLosses(epoch, read);
                if (isDue)
                    _options.Progress!.Report(Progress(epoch, part.Batch + 1, _totals.Mean, reported = clock.Elapsed, null, endOfEpoch: false));
            }

            _plan.ReadVariables(_weights);
            var elapsed = clock.Elapsed;
            var validation = _evaluator?.Evaluate(_validation!, _weights);
            _options.Progress?.Report(Progress(epoch, _batches, _totals.Mean, elapsed, validation, endOfEpoch: true));
            return new EpochResult(epoch, _totals.Mean, validation);
        }

        /// <summary>Reads the losses of the parts since the last time, and returns the index of the next part.</summary>
        /// <exception cref="DivergedException">One is infinite or not a number.</exception>
        private int ReadLosses(int epoch, int firstPart)
        {
            var losses = _totals.Read();
            foreach (var (index, loss) in losses.Index())
            {
                if (!float.IsFinite(loss))
                    throw Diverged(epoch, _parts[firstPart + index].Batch, loss);
            }

            return firstPart + losses.Length;
        }

        /// <summary>Runs the plan for samples that have arrived; the optimizer takes its step with the last part of a batch.</summary>
        private void RunPlan(int epoch, Part part)
        {
            var step = ((long)(epoch - 1) * _batches) + part.Batch;
            var rate = _options.LearningRate * _options.Schedule.Factor(step, _batches, _options.Epochs);
            var state = new RunState((ulong)_options.Seed, step, (float)rate);
            if (_plan.MaxBatch == _batchSize)
            {
                _plan.Run(part.Count, state);
                return;
            }

            // Each part draws random numbers of its own.
            var partsOfABatch = (_batchSize + _plan.MaxBatch - 1) / _plan.MaxBatch;
            _plan.RunPart(part.Count, part.Share, state with { Step = (step * partsOfABatch) + part.Index });
            if (part.EndsBatch)
                _plan.ApplyGradients(state);
        }

        /// <summary>Reads the samples of a part and sends them to the plan; they arrive when what is returned is called.</summary>
        private Action Send(int[] order, Part part)
        {
            _batch.Load(order.AsSpan(part.Start, part.Count));
            return _batch.BeginWriteTo(_plan, _input, _target);
        }

        /// <summary>The parts of all batches of an epoch; each has one, unless it is run in parts.</summary>
        private IEnumerable<Part> Parts()
        {
            for (var batch = 0; batch < _batches; batch++)
            {
                var first = batch * _batchSize;
                var end = Math.Min(first + _batchSize, _training.Count);
                for (var (index, start) = (0, first); start < end; index++, start += _plan.MaxBatch)
                {
                    var count = Math.Min(_plan.MaxBatch, end - start);
                    yield return new Part(batch, index, start, count, (float)count / (end - first), start + count == end);
                }
            }
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

        /// <summary>Samples that are run at once.</summary>
        /// <param name="Batch">The batch that they are of.</param>
        /// <param name="Index">Which part of it they are.</param>
        /// <param name="Start">The first, in the order of the epoch.</param>
        /// <param name="Count">How many they are.</param>
        /// <param name="Share">Their share of the batch.</param>
        /// <param name="EndsBatch">Whether they are the last of it.</param>
        private readonly record struct Part(int Batch, int Index, int Start, int Count, float Share, bool EndsBatch);
    }
}

/// <summary>What a training carries from epoch to epoch besides the values of the network.</summary>
/// <param name="Epochs">The finished epochs.</param>
/// <param name="BestLoss">The lowest loss at the end of an epoch.</param>
/// <param name="BestEpoch">The epoch with that loss, 0 before the first.</param>
/// <param name="BestWeights">The values of the network at its end.</param>
/// <param name="History">All finished epochs.</param>
internal sealed record TrainingState(int Epochs, double BestLoss, int BestEpoch, float[] BestWeights, IReadOnlyList<EpochResult> History);
