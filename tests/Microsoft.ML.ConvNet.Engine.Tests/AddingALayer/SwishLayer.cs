namespace Microsoft.ML.ConvNet.Tests.AddingALayer;

public static class SwishLayer
{
    /// <summary>x/(1 + e^(−β·x)) (Ramachandran, Zoph &amp; Le 2017). Keeps the shape.</summary>
    public static Node Swish(this Node x, float beta = 1, string? name = null) => new(new SwishOp { Beta = beta }, [x], name);
}
