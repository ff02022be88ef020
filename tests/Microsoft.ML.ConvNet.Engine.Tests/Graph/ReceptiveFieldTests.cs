using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Graph;

public class ReceptiveFieldTests
{
    [Fact]
    public void The_dilated_context_network_sees_what_the_course_notes_say()
    {
        Network network = Network.Input(3, 80, 80).DilatedContext();
        var convolutions = network.Nodes.Where(n => n.Op is ConvOp).Select(n => n.ReceptiveField!);
        Assert.Equal([3, 5, 9, 17, 33, 65, 67, 67], convolutions.Select(f => (int)f.Height.Size));
        Assert.All(convolutions, f => Assert.Equal(f.Height, f.Width));
    }

    [Fact]
    public void Strides_multiply_and_paddings_shift()
    {
        // VGG-16's last pooling: 212 pixels, stride 32 (Araujo et al. 2019, table 1).
        Network network = ConvNet.Models.Vgg16(width: 1, units: 1, classes: 1);
        var field = network.Nodes.Last(n => n.Op is MaxPoolOp).ReceptiveField!;
        Assert.Equal((212, 32, -90), (field.Height.Size, field.Height.Stride, field.Height.Offset));
        Assert.Null(network.Output.ReceptiveField);
        Assert.Equal("212×212, stride 32", field.ToString());
    }

    public static TheoryData<string> Networks => ["rectangles", "branches", "transposed", "causal", "nearest", "linear"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_field_holds_the_inputs_that_an_element_depends_on_and_no_others(string name)
    {
        var input = Network.Input(1, 24, 24);
        var output = name switch
        {
            "rectangles" => input.Conv(1, (5, 2), stride: (2, 1), padding: (1, 0)).AveragePool((1, 3), stride: (1, 2)).Conv(1, 3, dilation: 2),
            "branches" => input.Conv(1, 3, padding: 1) + input.Conv(1, 5, padding: 2).Conv(1, 3, padding: 1),
            "transposed" => input.Conv(1, 3, stride: 2, padding: 1).ConvTranspose(1, 4, stride: 2, padding: 1),
            "nearest" => input.MaxPool(2).Upsample(2).Conv(1, 3, padding: 1),
            "linear" => input.AveragePool(2).Upsample(2, ResizeMode.Linear),
            "resized" => input.Conv(1, 3).Resize(44, ResizeMode.Linear).Conv(1, 3),
            _ => Network.Input([1, 24]).Conv1D(1, 3, padding: Padding.Causal).Conv1D(1, 2, dilation: 4, padding: Padding.Causal),
        };
        Network network = output;
        network.Initialize(1);
        foreach (var variable in network.Layout.Variables)
            network.Values(variable.Node.Name).Fill(1);

        // All weights are 1, so that the gradient of one output is nonzero at the inputs it depends on.
        var field = output.ReceptiveField!;
        var (row, column) = (output.Shape.H / 2, output.Shape.W / 2);
        var gradient = GradientOf(network, row, column);
        var rows = Enumerable.Range(0, network.Inputs[0].Shape.H).Where(y => Enumerable.Range(0, 24).Any(x => gradient[(y * 24) + x] != 0)).ToArray();
        var columns = Enumerable.Range(0, 24).Where(x => Enumerable.Range(0, network.Inputs[0].Shape.H).Any(y => gradient[(y * 24) + x] != 0)).ToArray();
        AssertSpan(field.Width, column, columns);
        if (network.Inputs[0].Shape.Rank == 3)
            AssertSpan(field.Height, row, rows);

        void AssertSpan(AxisField axis, int place, int[] seen)
        {
            // The outputs of an upsampling differ in what they see; the field is what any of them can see.
            var (first, slack) = (axis.Offset + (place * axis.Stride), name is "transposed" or "nearest" or "linear" ? 2 : 0);
            Assert.InRange(seen[0], first, first + slack);
            Assert.InRange(seen[^1], first + axis.Size - 1 - slack, first + axis.Size - 1);
        }
    }

    private static double[] GradientOf(Network network, int row, int column)
    {
        var pick = new Node(new InputOp { Shape = network.Output.Shape }, [], "pick");
        var loss = new Node(new ReduceOp { Shape = [1], Batched = false }, [network.Output * pick], "loss");
        var interpreter = new Interpreter<double> { Batch = 1 };
        foreach (var variable in network.Layout.Variables)
            interpreter.Set(variable.Node, Array.ConvertAll(network.Values(variable.Node.Name).ToArray(), v => (double)v));
        interpreter.Set(network.Inputs[0], new double[network.Inputs[0].Shape.Length]);
        var chosen = new double[network.Output.Shape.Length];
        chosen[(row * network.Output.Shape.W) + column] = 1;
        interpreter.Set(pick, chosen);
        return interpreter.Evaluate(Gradients.Of(loss, network.Inputs)[0]!);
    }
}
