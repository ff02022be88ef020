using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Samples.DeviceCheck;

/// <summary>The same training on two backends.</summary>
internal static class Comparison
{
    private const int Batch = 8;
    private const int Steps = 10;

    /// <summary>How far gradients may be apart, relative to the largest, and losses, relative to each.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>Trains some steps on both, prints how far gradients and losses are apart, and tells whether that is little enough.</summary>
    public static bool Run(string name, Func<Node> make, IBackend cpu, IBackend gpu)
    {
        using var expected = new Training(make, cpu, Batch);
        using var actual = new Training(make, gpu, Batch);
        var (gradient, loss) = (0.0, 0.0);
        for (var step = 0; step < Steps; step++)
        {
            var (e, a) = (expected.Step(), actual.Step());
            loss = Math.Max(loss, Math.Abs(e - a) / Math.Abs(e));
            if (step == 0)
                gradient = Distance(expected.Gradients(), actual.Gradients());
        }

        var isClose = gradient <= Tolerance && loss <= Tolerance;
        Console.WriteLine($"  {(isClose ? "ok  " : "FAIL")} {name,-28} gradients within {gradient:E1}, losses of {Steps} steps within {loss:E1}; {actual.Fallbacks} steps run by the engine");
        return isClose;
    }

    /// <summary>Prints the images per second of both.</summary>
    public static void Speed(string name, Func<Node> make, int batch, params IBackend[] backends)
    {
        Console.WriteLine($"  {name}:");
        foreach (var backend in backends)
        {
            using var training = new Training(make, backend, batch);
            for (var i = 0; i < 3; i++)
                training.Step();
            var best = double.MaxValue;
            for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < 3;)
            {
                var start = Stopwatch.GetTimestamp();
                training.Step();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            Console.WriteLine($"    {batch / best,10:N0} images/s in training on {backend.Name}");
        }
    }

    private static double Distance(float[] expected, float[] actual)
        => expected.Zip(actual, (e, a) => (double)Math.Abs(e - a)).Max() / expected.Max(Math.Abs);

    /// <summary>A network with its training plan and a batch of random numbers.</summary>
    private sealed class Training : IDisposable
    {
        private readonly Network _network;
        private readonly Node _target = new(new InputOp { Shape = [1] }, [], "target");
        private readonly Plan _plan;
        private readonly int _batch;
        private readonly float[] _images;
        private readonly float[] _classes;
        private long _step;

        public Training(Func<Node> make, IBackend backend, int batch)
        {
            _batch = batch;
            _network = new Network(make());
            _network.Initialize(1);
            _images = [.. Enumerable.Range(0, _batch * _network.Inputs[0].Shape.Length).Select(i => (float)CounterRandom.Normal(5, (uint)i))];
            _classes = [.. Enumerable.Range(0, _batch).Select(i => (float)(i % _network.Output.Shape.C))];
            _plan = Plan.Compile(
                Computation.Training(Loss.SoftmaxCrossEntropy.Mean(_network.Output, _target), Optimizer.Sgd()), _network.Layout, backend, batch);
            _plan.WriteVariables(_network.Weights);
        }

        /// <summary>The steps of the plan that have no kernel.</summary>
        public int Fallbacks => _plan.Steps.Count(s => s.Kernel == "reference");

        /// <summary>Trains a step and returns the loss before it.</summary>
        public double Step()
        {
            _plan.Write(_network.Inputs[0], _images);
            _plan.Write(_target, _classes);
            _plan.Run(_batch, new RunState(Seed: 3, _step++, LearningRate: 0.01f));
            var loss = new float[1];
            _plan.Read(0, loss);
            return loss[0];
        }

        public float[] Gradients()
        {
            var gradients = new float[_network.Layout.TrainableLength];
            _plan.ReadGradients(gradients);
            return gradients;
        }

        public void Dispose() => _plan.Dispose();
    }
}
