namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The transforms of F(m, r) along one axis: m outputs of a filter of r taps from m + r − 1 inputs are the m + r − 1 products of
/// <c>y = Aᵀ[(G·g) ⊙ (Bᵀ·d)]</c> (Lavin &amp; Gray, Fast algorithms for convolutional neural networks, 2016). G and A evaluate polynomials
/// at as many points, the last of which is ∞. Each reads vectors a step apart and writes vectors a step apart.
/// </summary>
internal unsafe interface IWinogradTile
{
    /// <summary>The name of the two-dimensional algorithm.</summary>
    static abstract string Name { get; }

    /// <summary>Outputs of a tile along an axis, m.</summary>
    static abstract int Outputs { get; }

    /// <summary>Taps of a filter along an axis, r.</summary>
    static abstract int Taps { get; }

    /// <summary>Inputs of a tile, and products, along an axis: m + r − 1.</summary>
    static abstract int Points { get; }

    /// <summary>Bᵀ·d: from the inputs to the points.</summary>
    static abstract void Input<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>B·p, the gradient of <see cref="Input"/>: from the points to the inputs.</summary>
    static abstract void InputGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>G·g: from the taps to the points.</summary>
    static abstract void Filter<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>Aᵀ·p: from the points to the outputs.</summary>
    static abstract void Output<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>A·dy, the gradient of <see cref="Output"/>: from the outputs to the points.</summary>
    static abstract void OutputGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>Gᵀ·u, the gradient of <see cref="Filter"/>: from the points to the taps.</summary>
    static abstract void FilterGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct;
}
