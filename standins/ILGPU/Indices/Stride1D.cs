namespace ILGPU;

/// <summary>How elements of one dimension lie in memory. The stand-in has dense views only.</summary>
public interface IStride1D;

public static class Stride1D
{
    public readonly struct Dense : IStride1D
    {
        public Index1D StrideExtent => Index1D.One;
        public int XStride => 1;
        public override string ToString() => "1";
    }
}
