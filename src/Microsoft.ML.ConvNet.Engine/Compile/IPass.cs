namespace Microsoft.ML.ConvNet.Compile;

/// <summary>One rewrite of the graph, such as a fusion. What is computed stays the same.</summary>
public interface IPass
{
    /// <summary>Returns the rewritten computation.</summary>
    /// <param name="computation">What is computed.</param>
    /// <param name="maxBatch">The largest batch of the plan.</param>
    Computation Run(Computation computation, int maxBatch);
}
