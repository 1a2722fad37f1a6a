// Sample data for the compose stack; run by mongosh at each start. What was changed since stays.
const directors = [
  { _id: 1, name: 'Greta Gerwig' },
  { _id: 2, name: 'Bong Joon-ho' },
  { _id: 3, name: 'Céline Sciamma' },
  { _id: 4, name: 'Denis Villeneuve' },
]
const films = [
  { _id: 1, title: 'Lady Bird', year: 2017, rating: 7.4, director_id: 1 },
  { _id: 2, title: 'Little Women', year: 2019, rating: 7.8, director_id: 1 },
  { _id: 3, title: 'Parasite', year: 2019, rating: 8.5, director_id: 2 },
  { _id: 4, title: 'Portrait of a Lady on Fire', year: 2019, rating: 8.1, director_id: 3 },
  { _id: 5, title: 'Arrival', year: 2016, rating: 7.9, director_id: 4 },
  { _id: 6, title: 'Dune', year: 2021, rating: 8, director_id: 4 },
]
for (const [name, documents] of Object.entries({ directors, films })) {
  for (const { _id, ...fields } of documents) {
    db.getCollection(name).updateOne({ _id }, { $setOnInsert: fields }, { upsert: true })
  }
}
db.getCollection('films').createIndex({ director_id: 1 })
