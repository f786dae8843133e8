import Testing

@testable import Stylize

@Suite("Which picture a label belongs to")
struct PictureIndexTests {
    let index = PictureIndex([
        "images/train/a.jpg", "images/val/a.jpg", "images/val/dog.png", "images/val/dog_2.png", "one/x.jpg",
    ])

    @Test("a label belongs to the picture of its name whose folders agree most")
    func labels() {
        #expect(index.match("labels/train/a.txt", allowsRest: false) == .init(picture: 0, rest: ""))
        #expect(index.match("labels/val/a.txt", allowsRest: false) == .init(picture: 1, rest: ""))
        #expect(index.match("labels/val/b.txt", allowsRest: false) == nil)
        #expect(index.match("a", allowsRest: false) != nil)
    }

    @Test("a mask may have more to its name, and the longest picture's name counts")
    func masks() {
        #expect(index.match("masks/dog_mask.png", allowsRest: true) == .init(picture: 2, rest: "_mask"))
        #expect(index.match("masks/dog_2_mask.png", allowsRest: true) == .init(picture: 3, rest: "_mask"))
        #expect(index.match("masks/dog_mask.png", allowsRest: false) == nil)
        #expect(index.match("masks/_mask.png", allowsRest: true) == nil)
    }

    @Test("a COCO file's names are found below any folder, in the one that the file is named after first")
    func names() {
        #expect(index.picture(named: "a.jpg", in: "annotations/instances_val.json") == 1)
        #expect(index.picture(named: "a.jpg", in: "annotations/instances_train.json") == 0)
        #expect(index.picture(named: "train/a.jpg", in: "all.json") == 0)
        #expect(index.picture(named: "./images/val/a.jpg", in: "all.json") == 1)
        #expect(index.picture(named: "/home/somebody/x.jpg", in: "all.json") == 4)
        #expect(index.picture(named: "test/a.jpg", in: "all.json") == nil)
        #expect(index.picture(named: "x.png", in: "all.json") == nil)
        #expect(index.picture(named: "", in: "all.json") == nil)
    }
}
