using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>A network with its plan and a batch, ready to be run again and again.</summary>
internal interface IRun : IDisposable
{
    Network Network { get; }

    Plan Plan { get; }

    /// <summary>One step of training, or one prediction, of the batch, which is written to the plan anew.</summary>
    void Step();

    /// <summary>The same, with the time of each step of the plan.</summary>
    IEnumerable<TimeSpan> ProfileStep();
}
