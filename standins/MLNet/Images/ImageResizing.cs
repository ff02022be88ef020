// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: images brought to one size.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

public sealed class ImageResizingEstimator : TrivialEstimator<ImageResizingTransformer>
{
    internal ImageResizingEstimator(IHostEnvironment env, string output, string input, ImageResizingTransformer.Target target)
        : base(env.Register(nameof(ImageResizingEstimator)), new ImageResizingTransformer(env, output, input, target))
    {
    }

    public enum ResizingKind : byte
    {
        IsoPad = 0,
        IsoCrop = 1,
        Fill = 2,
    }

    public enum Anchor : byte
    {
        Right = 0,
        Left = 1,
        Top = 2,
        Bottom = 3,
        Center = 4,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Transformer.Columns.Select(pair =>
        {
            ImageEstimators.CheckImage(inputSchema.Find(pair.inputColumnName));
            return new SchemaShape.Column(pair.outputColumnName, SchemaShape.Column.VectorKind.Scalar, Transformer.OutputType, false);
        }));
    }
}

public sealed class ImageResizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImageScalerTransform";
    private readonly Target _target;

    internal ImageResizingTransformer(IHostEnvironment env, string output, string input, Target target)
        : base(env.Register("ImageScaler"), (output, input))
    {
        Contracts.CheckParam(target.Width > 0, "imageWidth", "Must be positive");
        Contracts.CheckParam(target.Height > 0, "imageHeight", "Must be positive");
        Contracts.CheckParam(Enum.IsDefined(target.Resizing), "resizing", "Must be defined");
        Contracts.CheckParam(Enum.IsDefined(target.Anchor), "cropAnchor", "Must be defined");
        _target = target;
    }

    private ImageResizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _target = new Target(
            ctx.Reader.ReadInt32(), ctx.Reader.ReadInt32(), (ImageResizingEstimator.ResizingKind)ctx.Reader.ReadByte(), (ImageResizingEstimator.Anchor)ctx.Reader.ReadByte());

    internal (string outputColumnName, string inputColumnName)[] Columns => ColumnPairs;

    internal ImageDataViewType OutputType => new(_target.Height, _target.Width);

    private ImageResizeMode Mode => (_target.Resizing, _target.Anchor) switch
    {
        (ImageResizingEstimator.ResizingKind.IsoPad, _) => ImageResizeMode.Pad,
        (ImageResizingEstimator.ResizingKind.Fill, _) => ImageResizeMode.Fill,
        (_, ImageResizingEstimator.Anchor.Top) => ImageResizeMode.CropAnchorTop,
        (_, ImageResizingEstimator.Anchor.Bottom) => ImageResizeMode.CropAnchorBottom,
        (_, ImageResizingEstimator.Anchor.Left) => ImageResizeMode.CropAnchorLeft,
        (_, ImageResizingEstimator.Anchor.Right) => ImageResizeMode.CropAnchorRight,
        _ => ImageResizeMode.CropAnchorCentral,
    };

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        ImageEstimators.CheckImage(input);
        return new AddedColumn(outputColumnName, OutputType, null, input, row =>
        {
            var getSource = row.GetGetter<MLImage>(row.Schema[input.Index]);
            MLImage source = null;
            return (ValueGetter<MLImage>)((ref MLImage image) =>
            {
                image?.Dispose();
                getSource(ref source);
                if (source == null || source.Height <= 0 || source.Width <= 0)
                    return;
                // An image of the right size is passed on as it is, and stays its producer's.
                if (source.Height == _target.Height && source.Width == _target.Width)
                {
                    image = source;
                    return;
                }
                image = source.CloneWithResizing(_target.Width, _target.Height, Mode);
                image.Tag = source.Tag;
            });
        });
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
        ctx.Writer.Write(_target.Width);
        ctx.Writer.Write(_target.Height);
        ctx.Writer.Write((byte)_target.Resizing);
        ctx.Writer.Write((byte)_target.Anchor);
    }

    private static ImageResizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImageResizingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("IMGSCALF", 0x00010003, 0x00010003, 0x00010003, typeof(ImageResizingTransformer).Assembly.FullName, LoaderSignature);

    internal sealed record Target(int Width, int Height, ImageResizingEstimator.ResizingKind Resizing, ImageResizingEstimator.Anchor Anchor);
}
