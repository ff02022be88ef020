namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Four elements that are read and written together.</summary>
public struct Quad
{
    public float X { get; set; }
    public float Y { get; set; }
    public float Z { get; set; }
    public float W { get; set; }
}
