using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>An axis with zeros on both sides.</summary>
internal readonly record struct Margin(int Before, int Size, int After)
{
    public int Length => Before + Size + After;

    /// <summary>An axis of so many elements with zeros wherever the windows of so many outputs reach.</summary>
    public static Margin Of(WindowAxis axis, int size, int outputs)
        => new(axis.Before, size, Math.Max(0, axis.Input(outputs - 1, axis.Size - 1) - (size - 1)));
}

/// <summary>Copies of planes of depth×height×width×lanes with zeros around them, so that a window needs no borders.</summary>
internal readonly record struct PaddedPlanes(Margin Depth, Margin Height, Margin Width, int Lanes)
{
    /// <summary>Floats of the copy of a plane.</summary>
    public nint Length => (nint)Depth.Length * Height.Length * Width.Length * Lanes;

    /// <summary>Whether there are any zeros.</summary>
    public bool IsPadded => Length > Size;

    private nint Size => (nint)Depth.Size * Height.Size * Width.Size * Lanes;

    /// <summary>Copies so many planes.</summary>
    public unsafe void Copy(WorkerPool pool, float* source, int planes, float* target) => pool.Run(planes, new Job(this, source, target));

    private readonly unsafe struct Job(PaddedPlanes p, float* source, float* target) : IParallelJob
    {
        public void Execute(int plane)
        {
            var width = p.Width.Size * p.Lanes;
            var to = target + (plane * p.Length);
            new Span<float>(to, checked((int)p.Length)).Clear();
            var from = source + (plane * p.Size);
            for (var row = 0; row < p.Depth.Size * p.Height.Size; row++, from += width)
            {
                var padded = ((p.Depth.Before + (row / p.Height.Size)) * p.Height.Length) + p.Height.Before + (row % p.Height.Size);
                new Span<float>(from, width).CopyTo(new Span<float>(to + ((((nint)padded * p.Width.Length) + p.Width.Before) * p.Lanes), width));
            }
        }
    }
}
