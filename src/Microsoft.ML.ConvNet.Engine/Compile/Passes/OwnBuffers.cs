using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>
/// Gives each gradient and each new state a value of its own, so that it can be computed right where it belongs in its
/// slab: a copy where it is an input, a variable, a view, an output, or computed for two places at once; and a state that
/// is read elsewhere is not changed before that.
/// </summary>
internal static class OwnBuffers
{
    public static Computation Run(Computation computation)
    {
        var taken = new HashSet<Node>(computation.Outputs);
        computation = computation with
        {
            Gradients = [.. computation.Gradients.Select(g => g with { Gradient = Own(g.Gradient) })],
        };

        // Updates run after all other steps; each is a step of its own so that nothing reads the new value.
        var order = Traversal.Order([.. computation.Outputs, .. computation.Gradients.Select(g => g.Gradient)]);
        taken.UnionWith(order);
        return computation with { Updates = [.. computation.Updates.Select(u => u with { Value = OwnUpdate(u) })] };

        Node Own(Node node)
            => taken.Add(node) && node.Op is not (InputOp or VariableOp) && !node.Op.IsView
                ? node
                : new Node(new CopyOp(), [node], $"{node.Name}.Copy");

        Node OwnUpdate(StateUpdate update)
        {
            var inPlace = update.Value.Inputs.Index().All(i => i.Item != update.State || update.Value.Op.CanOverwrite(i.Index));
            return inPlace ? Own(update.Value) : new Node(new CopyOp(), [update.Value], $"{update.Value.Name}.Copy");
        }
    }
}
