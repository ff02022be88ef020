using System.Numerics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// One kind of computation with its attributes: a shape rule, a gradient rule and a naive implementation.
/// An op is immutable and knows nothing of its neighbours; a <see cref="Node"/> places it in a graph.
/// </summary>
/// <remarks>
/// A new layer is one record derived from this class, marked with <see cref="OpAttribute"/>. It then works in every
/// network, on every backend, in training and in model files; a fast kernel is added in the backend. The public
/// properties of the record are its attributes and are what a model file stores.
/// </remarks>
public abstract record Op
{
    /// <summary>The stable name of the op, as in model files: the one of its <see cref="OpAttribute"/>.</summary>
    public string Name => OpRegistry.NameOf(GetType());

    /// <summary>The shape rule: what comes out when <paramref name="inputs"/> go in.</summary>
    /// <exception cref="ShapeException">The inputs do not fit; made by <see cref="OpInputs.Error"/>.</exception>
    public abstract TensorType Infer(OpInputs inputs);

    /// <summary>
    /// The gradient rule: given dL/dy of <see cref="GradientContext.Node"/>, adds the nodes that compute dL/dx for
    /// each input that needs it.
    /// </summary>
    public virtual void Gradient(GradientContext context)
        => throw new NotSupportedException($"{Name} '{context.Node.Name}' cannot be differentiated.");

    /// <summary>
    /// The definition of the op in plain loops, for any floating-point type: float is the fallback where a backend
    /// has no kernel, double serves gradient checks. It writes every element of the output.
    /// </summary>
    public abstract void Reference<T>(ReferenceCall<T> call) where T : unmanaged, IFloatingPointIeee754<T>;

    /// <summary>The attributes as a person would say them, for errors and summaries, for example "5×5, stride 2".</summary>
    public virtual string Describe(OpInputs inputs) => "";

    /// <summary>The number of multiply-adds for one sample, 0 where they do not count.</summary>
    public virtual long MultiplyAdds(OpInputs inputs, Shape output) => 0;

    /// <summary>
    /// Whether the output may take the place of this input in memory: element i of the output depends on nothing of
    /// that input but element i.
    /// </summary>
    public virtual bool CanOverwrite(int input) => false;

    /// <summary>
    /// Whether the output is the first input under another shape, so that no step is needed to compute it.
    /// </summary>
    public virtual bool IsView => false;

    /// <summary>
    /// Replaces an op that means different things in training and in inference by what it means in one of them.
    /// Ops that mean the same in both return null.
    /// </summary>
    public virtual Node? Lower(LoweringContext context) => null;
}

/// <summary>Names an op in model files. The name is stable: it never follows a renaming of the type.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class OpAttribute(string name) : Attribute
{
    /// <summary>The stable name.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The version of the attributes; raised when they change, so that an older library refuses files it would misread.
    /// </summary>
    public int Version { get; init; } = 1;
}
