namespace Microsoft.ML.ConvNet.Compile;

/// <summary>One rewrite of the graph, such as a fusion. What is computed stays the same.</summary>
public interface IPass
{
    /// <summary>Returns the rewritten computation.</summary>
    Computation Run(Computation computation);
}
